// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/metadata.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "core/json/value.h"
#include "verify/tuf/canonical_json.h"
#include "verify/tuf/delegations.h"
#include "verify/tuf/limits.h"
#include "verify/tuf/members.h"

namespace pullseal::tuf {
namespace {

// Section 4.3: "spec_version"; the major version decides whether we understand it.
Status CheckSpecification(const json::Value& content) {
  const auto version = TextAt(content, "spec_version");
  if (!version) return version.error();
  const bool digits =
      std::all_of(version->begin(), version->end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  if (!digits || !(*version == "1" || version->starts_with("1."))) {
    return Malformed("is of specification version \"" + Printable(*version, 16) + "\", not 1");
  }
  return {};
}

Status ReadCommon(const json::Value& content, std::string_view type, Common& out) {
  if (content.object() == nullptr) return Malformed("\"signed\" is not an object");
  const auto named = TextAt(content, "_type");
  if (!named) return named.error();
  if (*named != type) return Malformed("is of type \"" + Printable(*named, 32) + "\", not " + std::string(type));
  if (auto status = CheckSpecification(content); !status) return status;
  const auto version = NumberAt(content, "version", 1);
  if (!version) return version.error();
  const auto expires = TextAt(content, "expires");
  if (!expires) return expires.error();
  const auto time = ReadTime(*expires);
  if (!time) return Malformed("\"expires\" is no time: \"" + Printable(*expires, 64) + "\"");
  out.version = *version;
  out.expires = *time;
  return {};
}

// Hashes by algorithms that we do not know are passed over; what is promised by such alone has none here, and fits
// none.
Result<Hashes> ReadHashes(const json::Members& members) {
  Hashes out;
  if (members.empty()) return Malformed("\"hashes\" is empty");
  for (const auto& [name, value] : members) {
    if (value.string() == nullptr) return Malformed("a hash is not a text");
    const auto hash = name.starts_with("SHA2_") ? std::nullopt : crypto::HashNamed(name);
    if (!hash) continue;
    auto bytes = HexDecode(*value.string());
    if (!bytes || bytes->size() != crypto::DigestSize(*hash)) return Malformed("a " + name + " hash is not one");
    out[*hash] = std::move(bytes).value();
  }
  return out;
}

Result<FileInfo> ReadFileInfo(const json::Value& value) {
  FileInfo out;
  const auto version = NumberAt(value, "version", 1);
  if (!version) return version.error();
  out.version = *version;
  if (Has(value, "length")) {
    const auto length = NumberAt(value, "length", 0);
    if (!length) return length.error();
    out.length = *length;
  }
  if (Has(value, "hashes")) {
    const auto members = ObjectAt(value, "hashes");
    if (!members) return members.error();
    auto hashes = ReadHashes(**members);
    if (!hashes) return hashes.error();
    out.hashes = std::move(hashes).value();
  }
  return out;
}

Result<TargetInfo> ReadTargetInfo(const json::Value& value) {
  const auto length = NumberAt(value, "length", 0);
  if (!length) return length.error();
  const auto members = ObjectAt(value, "hashes");
  if (!members) return members.error();
  auto hashes = ReadHashes(**members);
  if (!hashes) return hashes.error();
  return TargetInfo{*length, std::move(hashes).value()};
}

}  // namespace

std::string_view Text(Role role) {
  switch (role) {
    case Role::kRoot:
      return "root";
    case Role::kTimestamp:
      return "timestamp";
    case Role::kSnapshot:
      return "snapshot";
    case Role::kTargets:
      return "targets";
  }
  return "root";
}

std::size_t MostBytes(Role role) {
  switch (role) {
    case Role::kRoot:
      return limits::kTrustRootMetadataBytes;
    case Role::kTimestamp:
      return limits::kTrustTimestampBytes;
    case Role::kSnapshot:
      return limits::kTrustSnapshotBytes;
    case Role::kTargets:
      return limits::kTrustTargetsBytes;
  }
  return 0;
}

std::optional<WallTime> ReadTime(std::string_view text) {
  std::chrono::minutes offset{0};  // what is to be added for UTC
  std::string plain(text);
  if (plain.size() > 6 && plain.back() != 'Z') {
    const std::string_view zone = text.substr(text.size() - 6);
    const auto two = [&](std::size_t at) -> int {
      const char a = zone[at], b = zone[at + 1];
      return a < '0' || a > '9' || b < '0' || b > '9' ? 99 : (a - '0') * 10 + (b - '0');
    };
    if ((zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || two(1) > 23 || two(4) > 59) return std::nullopt;
    offset = std::chrono::minutes((two(1) * 60 + two(4)) * (zone[0] == '-' ? 1 : -1));
    plain = plain.substr(0, plain.size() - 6) + "Z";
  }
  // The clock ends in 2262; metadata that is to hold "for ever" says 9999.
  const bool far = plain.size() > 4 && plain[4] == '-' && plain.compare(0, 4, "2260") > 0 &&
                   std::all_of(plain.begin(), plain.begin() + 4, [](char c) { return c >= '0' && c <= '9'; });
  if (far) plain.replace(0, 4, "2260");
  const auto time = ParseTime(plain);
  if (!time) return std::nullopt;
  return far ? WallTime::max() : *time + offset;
}

std::int64_t VersionOf(const json::Value& content) {
  const auto version = NumberAt(content, "version", 1);
  return version ? *version : 0;
}

Result<Envelope> Envelope::Parse(std::string_view text) {
  auto document = json::Parse(text);
  if (!document) return document.error();
  const json::Value* content = document->Find("signed");
  const json::Value* list = document->Find("signatures");
  if (content == nullptr || list == nullptr || list->array() == nullptr) {
    return Malformed("has no \"signed\" or no list of \"signatures\"");
  }
  if (list->array()->size() > limits::kTrustSignatures) {
    return Error{ErrorCode::kLimit, "has more than " + std::to_string(limits::kTrustSignatures) + " signatures"};
  }
  Envelope out;
  for (const json::Value& value : *list->array()) {
    const auto keyid = TextAt(value, "keyid");
    const auto hex = TextAt(value, "sig");
    if (!keyid || !hex) return Malformed("has a signature without \"keyid\" or \"sig\"");
    auto bytes = HexDecode(*hex);
    out.signatures.push_back(Signature{*keyid, bytes ? std::move(bytes).value() : Bytes()});
  }
  auto canonical = Canonical(*content);
  if (!canonical) return canonical.error();
  out.signed_bytes = std::move(canonical).value();
  out.content = *content;
  return out;
}

Result<Root> ReadRoot(const json::Value& content) {
  Root out;
  if (auto status = ReadCommon(content, "root", out); !status) return status.error();
  if (Has(content, "consistent_snapshot")) {
    const auto consistent = BooleanAt(content, "consistent_snapshot");
    if (!consistent) return consistent.error();
    out.consistent_snapshot = *consistent;
  }
  auto keys = ReadKeys(content);
  if (!keys) return keys.error();
  out.keys = std::move(keys).value();
  const auto roles = ObjectAt(content, "roles");
  if (!roles) return roles.error();
  for (const Role role : {Role::kRoot, Role::kTimestamp, Role::kSnapshot, Role::kTargets}) {
    const json::Value* value = content.Find("roles")->Find(Text(role));
    if (value == nullptr) return Malformed("\"roles\" has no " + std::string(Text(role)));
    auto read = ReadRoleKeys(*value);
    if (!read) return read.error().In("role " + std::string(Text(role)));
    out.roles[static_cast<std::size_t>(role)] = std::move(read).value();
  }
  return out;
}

Result<Timestamp> ReadTimestamp(const json::Value& content) {
  Timestamp out;
  if (auto status = ReadCommon(content, "timestamp", out); !status) return status.error();
  const auto meta = ObjectAt(content, "meta");
  if (!meta) return meta.error();
  const json::Value* value = content.Find("meta")->Find("snapshot.json");
  if (value == nullptr) return Malformed("\"meta\" has no snapshot.json");
  auto info = ReadFileInfo(*value);
  if (!info) return info.error().In("snapshot.json");
  out.snapshot = std::move(info).value();
  return out;
}

Result<Snapshot> ReadSnapshot(const json::Value& content) {
  Snapshot out;
  if (auto status = ReadCommon(content, "snapshot", out); !status) return status.error();
  const auto meta = ObjectAt(content, "meta");
  if (!meta) return meta.error();
  for (const auto& [name, value] : **meta) {
    auto info = ReadFileInfo(value);
    if (!info) return info.error().In(Printable(name, 64));
    out.meta[name] = std::move(info).value();
  }
  return out;
}

Result<Targets> ReadTargets(const json::Value& content) {
  Targets out;
  if (auto status = ReadCommon(content, "targets", out); !status) return status.error();
  const auto targets = ObjectAt(content, "targets");
  if (!targets) return targets.error();
  for (const auto& [name, value] : **targets) {
    auto info = ReadTargetInfo(value);
    if (!info) return info.error().In("target " + Printable(name, 64));
    out.targets[name] = std::move(info).value();
  }
  // The specification has it optional (section 4.5); some writers write null.
  const json::Value* delegations = content.Find("delegations");
  if (delegations != nullptr && !delegations->is_null()) {
    auto read = ReadDelegations(*delegations);
    if (!read) return read.error().In("delegations");
    out.delegations = std::move(read).value();
  }
  return out;
}

}  // namespace pullseal::tuf
