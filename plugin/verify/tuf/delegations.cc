// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/delegations.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "core/base/bytes.h"
#include "core/crypto/sha256.h"
#include "verify/tuf/limits.h"
#include "verify/tuf/members.h"

namespace pullseal::tuf {
namespace {

// Delegated roles share the file names of the four roles, and must not be them.
bool IsTopLevel(std::string_view name) {
  return name == "root" || name == "timestamp" || name == "snapshot" || name == "targets";
}

Status CheckRoleName(std::string_view name) {
  if (name.empty() || IsTopLevel(name))
    return Malformed("a delegated role cannot be named \"" + Printable(name, 64) + "\"");
  if (name.size() > limits::kTrustRoleNameBytes) {
    return Error{ErrorCode::kLimit,
                 "a role's name is longer than " + std::to_string(limits::kTrustRoleNameBytes) + " bytes"};
  }
  return {};
}

bool IsHexPrefix(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Section 4.5: exactly one of "paths" and "path_hash_prefixes".
Status ReadScope(const json::Value& value, std::size_t& left, Delegation& out) {
  const bool by_path = Has(value, "paths");
  if (by_path == Has(value, "path_hash_prefixes"))
    return Malformed("needs one of \"paths\" and \"path_hash_prefixes\"");
  auto list = TextsAt(value, by_path ? "paths" : "path_hash_prefixes", left);
  if (!list) return list.error();
  left -= list->size();
  for (const std::string& text : *list) {
    if (text.size() > limits::kTrustNameBytes) return Error{ErrorCode::kLimit, "a path pattern is too long"};
    if (!by_path && !IsHexPrefix(text))
      return Malformed("\"path_hash_prefixes\" has something else than hexadecimal digits");
  }
  (by_path ? out.patterns : out.prefixes) = std::move(list).value();
  return {};
}

Result<Delegation> ReadDelegation(const json::Value& value, std::size_t& left) {
  Delegation out;
  auto name = TextAt(value, "name");
  if (!name) return name.error();
  if (auto status = CheckRoleName(*name); !status) return status.error();
  auto keys = ReadRoleKeys(value);
  if (!keys) return keys.error();
  const auto terminating = BooleanAt(value, "terminating");
  if (!terminating) return terminating.error();
  out.name = std::move(name).value();
  out.keys = std::move(keys).value();
  out.terminating = *terminating;
  if (auto status = ReadScope(value, left, out); !status) return status.error();
  return out;
}

Result<std::vector<Delegation>> ReadRoles(const json::Value& holder) {
  const json::Value* list = holder.Find("roles");
  if (list->array() == nullptr) return Malformed("\"roles\" is not a list");
  if (list->array()->size() > limits::kTrustDelegations) return Error{ErrorCode::kLimit, "has too many roles"};
  std::vector<Delegation> out;
  std::set<std::string> names;
  std::size_t left = limits::kTrustPatterns;
  for (const json::Value& value : *list->array()) {
    auto one = ReadDelegation(value, left);
    if (!one) return one.error();
    if (!names.insert(one->name).second) return Malformed("has the role \"" + Printable(one->name, 64) + "\" twice");
    out.push_back(std::move(one).value());
  }
  return out;
}

Result<HashBins> ReadBins(const json::Value& value) {
  HashBins out;
  auto prefix = TextAt(value, "name_prefix");
  if (!prefix) return prefix.error();
  if (auto status = CheckRoleName(*prefix); !status) return status.error();
  const auto bits = NumberAt(value, "bit_length", 1);
  if (!bits) return bits.error();
  if (*bits > 32) return Malformed("\"bit_length\" is larger than 32");
  auto keys = ReadRoleKeys(value);
  if (!keys) return keys.error();
  return HashBins{std::move(prefix).value(), std::move(keys).value(), static_cast<int>(*bits)};
}

// The name of bin `number`: as many hexadecimal digits as the last one's (TAP 15).
std::string BinName(const HashBins& bins, std::uint64_t number) {
  const std::size_t digits = static_cast<std::size_t>((bins.bits + 3) / 4);
  std::string hex(digits, '0');
  for (std::size_t at = digits; at > 0; --at, number >>= 4U) hex[at - 1] = "0123456789abcdef"[number & 15U];
  return bins.prefix + "-" + hex;
}

std::string BinFor(const HashBins& bins, std::string_view target) {
  const crypto::Sha256Hash hash = crypto::Sha256(AsBytes(target));
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < 4; ++at) number = number << 8U | hash[at];
  return BinName(bins, number >> static_cast<unsigned>(32 - bins.bits));
}

bool IsBin(const HashBins& bins, std::string_view name) {
  const std::size_t digits = static_cast<std::size_t>((bins.bits + 3) / 4);
  const std::string head = bins.prefix + "-";
  if (name.size() != head.size() + digits || !name.starts_with(head)) return false;
  std::uint64_t number = 0;
  for (const char c : name.substr(head.size())) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) return false;
    number = number << 4U | digit;
  }
  return number < std::uint64_t{1} << static_cast<unsigned>(bins.bits);
}

// One segment against one; goes back to the last star only, so that it takes pattern times text at the most.
bool MatchesSegment(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      // A character, not a byte: what follows in UTF-8 belongs to it.
      const bool any = pattern[p] == '?';
      ++p;
      ++t;
      while (any && t < text.size() && (static_cast<std::uint8_t>(text[t]) & 0xC0U) == 0x80U) ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool MatchesPattern(std::string_view pattern, std::string_view target) {
  while (true) {
    const std::size_t pattern_end = pattern.find('/');
    const std::size_t target_end = target.find('/');
    if ((pattern_end == std::string_view::npos) != (target_end == std::string_view::npos)) return false;
    if (!MatchesSegment(pattern.substr(0, pattern_end), target.substr(0, target_end))) return false;
    if (pattern_end == std::string_view::npos) return true;
    pattern.remove_prefix(pattern_end + 1);
    target.remove_prefix(target_end + 1);
  }
}

bool MatchesPrefix(const Delegation& delegation, std::string_view target) {
  if (delegation.prefixes.empty()) return false;
  const std::string hash = crypto::Sha256Hex(AsBytes(target));
  return std::any_of(delegation.prefixes.begin(), delegation.prefixes.end(),
                     [&](const std::string& prefix) { return hash.starts_with(prefix); });
}

Result<Keys> ReadKeys(const json::Value& holder) {
  const auto members = ObjectAt(holder, "keys");
  if (!members) return members.error();
  if ((*members)->size() > limits::kTrustKeys) return Error{ErrorCode::kLimit, "has too many keys"};
  Keys out;
  for (const auto& [keyid, value] : **members) {
    if (value.object() == nullptr) return Malformed("a key is not an object");
    out.emplace(keyid, Key::Read(value));
  }
  return out;
}

Result<RoleKeys> ReadRoleKeys(const json::Value& value) {
  RoleKeys out;
  auto keyids = TextsAt(value, "keyids", limits::kTrustKeys);
  if (!keyids) return keyids.error();
  // Specification 1.0.34: a positive whole number; CVE-2026-23992 was a client that took 0.
  const auto threshold = NumberAt(value, "threshold", 1);
  if (!threshold) return threshold.error();
  std::set<std::string_view> seen;
  for (const std::string& keyid : *keyids) {
    if (!seen.insert(keyid).second) return Malformed("\"keyids\" has one twice");
  }
  out.keyids = std::move(keyids).value();
  out.threshold = *threshold;
  return out;
}

Result<Delegations> ReadDelegations(const json::Value& value) {
  Delegations out;
  auto keys = ReadKeys(value);
  if (!keys) return keys.error();
  out.keys = std::move(keys).value();
  const bool listed = Has(value, "roles");
  if (listed == Has(value, "succinct_roles")) return Malformed("needs one of \"roles\" and \"succinct_roles\"");
  if (listed) {
    auto roles = ReadRoles(value);
    if (!roles) return roles.error();
    out.roles = std::move(roles).value();
    return out;
  }
  auto bins = ReadBins(*value.Find("succinct_roles"));
  if (!bins) return bins.error();
  out.roles = std::move(bins).value();
  return out;
}

std::vector<Candidate> RolesFor(const Delegations& delegations, std::string_view target) {
  if (const auto* bins = std::get_if<HashBins>(&delegations.roles)) return {Candidate{BinFor(*bins, target), true}};
  std::vector<Candidate> out;
  for (const Delegation& one : std::get<std::vector<Delegation>>(delegations.roles)) {
    const bool matches = MatchesPrefix(one, target) ||
                         std::any_of(one.patterns.begin(), one.patterns.end(),
                                     [&](const std::string& pattern) { return MatchesPattern(pattern, target); });
    if (!matches) continue;
    out.push_back(Candidate{one.name, one.terminating});
    if (one.terminating) break;
  }
  return out;
}

const RoleKeys* KeysOf(const Delegations& delegations, std::string_view name) {
  if (const auto* bins = std::get_if<HashBins>(&delegations.roles)) return IsBin(*bins, name) ? &bins->keys : nullptr;
  for (const Delegation& one : std::get<std::vector<Delegation>>(delegations.roles)) {
    if (one.name == name) return &one.keys;
  }
  return nullptr;
}

}  // namespace pullseal::tuf
