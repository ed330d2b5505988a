// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/attributes.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace pullseal::notary {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

// "Signing Scheme": each has one time of its own and none of the other's.
Status TakeScheme(const Attributes& attributes, Envelope& out) {
  if (attributes.scheme == "notary.x509") {
    out.scheme = Scheme::kX509;
    if (!attributes.signing_time) return Invalid("has no signing time");
    if (attributes.authentic_time) return Invalid("has an authentic signing time, which its scheme forbids");
    return {};
  }
  if (attributes.scheme == "notary.x509.signingAuthority") {
    out.scheme = Scheme::kSigningAuthority;
    if (!attributes.authentic_time) return Invalid("has no authentic signing time");
    if (attributes.signing_time) return Invalid("has a signing time, which its scheme forbids");
    return {};
  }
  return Invalid("has an unknown signing scheme");
}

Status TakeCritical(const Attributes& attributes, Envelope& out) {
  std::set<std::string_view> due = {kSchemeName};
  if (attributes.expiry) due.insert(kExpiryName);
  if (attributes.authentic_time) due.insert(kAuthenticTimeName);
  std::set<std::string_view> seen;
  for (const std::string& name : attributes.critical) {
    if (!seen.insert(name).second) return Invalid("names a critical attribute twice");
    if (due.erase(name) == 1) continue;
    // RFC 7515 section 4.1.11: a critical name is one that is there; the standard's own names do not belong among them.
    const auto& others = attributes.others;
    if (std::find(others.begin(), others.end(), name) == others.end()) {
      return Invalid("names a critical attribute that is not there, or must not be critical");
    }
    out.unknown.push_back(name);
  }
  if (!due.empty()) return Invalid("does not mark " + std::string(*due.begin()) + " as critical");
  return {};
}

}  // namespace

Status Take(const Attributes& attributes, Envelope& out) {
  if (attributes.content_type != kPayloadType) return Invalid("has content of another type");
  if (auto scheme = TakeScheme(attributes, out); !scheme) return scheme;
  out.signing_time = attributes.signing_time;
  out.authentic_time = attributes.authentic_time;
  out.expiry = attributes.expiry;
  const auto signed_at = out.scheme == Scheme::kX509 ? out.signing_time : out.authentic_time;
  if (out.expiry && *out.expiry <= *signed_at) return Invalid("expires before it was signed");
  if (auto critical = TakeCritical(attributes, out); !critical) return critical;
  // A verifier without plugins does the plugin's work itself or refuses; one that is not critical is no better.
  const bool has_plugin =
      std::find(attributes.others.begin(), attributes.others.end(), kPluginName) != attributes.others.end();
  const bool told = std::find(out.unknown.begin(), out.unknown.end(), kPluginName) != out.unknown.end();
  if (has_plugin && !told) out.unknown.emplace_back(kPluginName);
  return {};
}

std::optional<WallTime> AttributeTime(std::string_view text) {
  using namespace std::chrono;
  minutes offset{0};
  std::string utc(text);
  if (!utc.ends_with('Z')) {
    // ...+hh:mm
    if (utc.size() < 25) return std::nullopt;
    const std::string_view zone = std::string_view(utc).substr(utc.size() - 6);
    const auto digit = [&](std::size_t at) { return zone[at] >= '0' && zone[at] <= '9' ? zone[at] - '0' : 1000; };
    const int hour = digit(1) * 10 + digit(2);
    const int minute = digit(4) * 10 + digit(5);
    if ((zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || hour > 23 || minute > 59) return std::nullopt;
    offset = minutes((zone[0] == '-' ? -1 : 1) * (hour * 60 + minute));
    utc.replace(utc.size() - 6, 6, "Z");
  }
  // What the clock cannot hold is later than anything that is asked about; 2260 has every day that a year can have.
  const std::string_view year = std::string_view(utc).substr(0, 4);
  const bool is_year =
      year.size() == 4 && std::all_of(year.begin(), year.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool beyond = is_year && year >= std::string_view("2261");
  if (beyond) utc.replace(0, 4, "2260");
  const auto time = ParseTime(utc);
  if (!time) return std::nullopt;
  return beyond ? WallTime::max() : *time - offset;
}

}  // namespace pullseal::notary
