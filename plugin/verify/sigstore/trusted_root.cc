// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/trusted_root.h"

#include <utility>

#include "core/crypto/limits.h"
#include "core/json/value.h"
#include "verify/sigstore/limits.h"

namespace pullseal::sigstore {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "trusted root: " + std::move(message)}; }

bool IsKnownMediaType(std::string_view type) {
  return type == "application/vnd.dev.sigstore.trustedroot+json;version=0.1" ||
         type == "application/vnd.dev.sigstore.trustedroot.v0.1+json" ||
         type == "application/vnd.dev.sigstore.trustedroot.v0.2+json";
}

std::string TextOr(const json::Value& value, std::string_view name) {
  const std::string* text = value.FindString(name);
  return text != nullptr ? *text : std::string();
}

// The non-empty base64 member `name` of the object `value`.
Result<Bytes> BytesOf(const json::Value* value, std::string_view name, const std::string& what) {
  const std::string* text = value != nullptr ? value->FindString(name) : nullptr;
  auto bytes = text != nullptr ? Base64Decode(*text) : Result<Bytes>(Error{ErrorCode::kInvalid, ""});
  if (!bytes || bytes->empty()) return Invalid(what + " has no " + std::string(name) + " in standard base64");
  return bytes;
}

enum class Start { kRequired, kOptional };

Result<Validity> ParseValidity(const json::Value* value, const std::string& what, Start need) {
  const json::Value* start = value != nullptr ? value->Find("start") : nullptr;
  const bool absent = start == nullptr || start->is_null();
  std::optional<WallTime> from;
  if (!absent && start->string() != nullptr) from = ParseTime(*start->string());
  if (absent && need == Start::kOptional) from = WallTime{};
  if (!from) return Invalid(what + " has no validFor.start that is a time");
  Validity out{*from, std::nullopt};
  const json::Value* end = value != nullptr ? value->Find("end") : nullptr;
  if (end == nullptr || end->is_null()) return out;
  out.end = end->string() != nullptr ? ParseTime(*end->string()) : std::nullopt;
  if (!out.end || *out.end < out.start) return Invalid(what + " has a validFor.end that is no later time");
  return out;
}

Result<TrustedRoot::Log> ParseLog(const json::Value& value, const std::string& what) {
  const json::Value* key = value.Find("publicKey");
  TrustedRoot::Log out;
  out.base_url = TextOr(value, "baseUrl");
  auto raw = BytesOf(key, "rawBytes", what + ".publicKey");
  if (!raw) return raw.error();
  auto id = BytesOf(value.Find("logId"), "keyId", what + ".logId");
  if (!id) return id.error();
  auto validity = ParseValidity(key->Find("validFor"), what + ".publicKey", Start::kRequired);
  if (!validity) return validity.error();
  out.public_key = std::move(*raw);
  out.log_id = std::move(*id);
  out.key_details = TextOr(*key, "keyDetails");
  if (const json::Value* hint = value.Find("checkpointKeyId"); hint != nullptr && !hint->is_null()) {
    auto bytes = BytesOf(hint, "keyId", what + ".checkpointKeyId");
    if (!bytes) return bytes.error();
    out.checkpoint_key_id = std::move(*bytes);
  }
  out.validity = *validity;
  return out;
}

Result<TrustedRoot::Authority> ParseAuthority(const json::Value& value, const std::string& what) {
  TrustedRoot::Authority out;
  out.uri = TextOr(value, "uri");
  const json::Value* chain = value.Find("certChain");
  const json::Value* list = chain != nullptr ? chain->Find("certificates") : nullptr;
  if (list == nullptr || list->array() == nullptr || list->array()->empty())
    return Invalid(what + " has no certificates");
  if (list->array()->size() > limits::kCertificates) {
    return Error{ErrorCode::kLimit, "trusted root: " + what + " has too many certificates"};
  }
  for (const json::Value& one : *list->array()) {
    auto der = BytesOf(&one, "rawBytes", what + ".certChain");
    if (!der) return der.error();
    out.chain.push_back(std::move(*der));
  }
  auto validity = ParseValidity(value.Find("validFor"), what, Start::kOptional);
  if (!validity) return validity.error();
  out.validity = *validity;
  return out;
}

template <typename T>
Status ParseList(const json::Value& root, const char* name,
                 Result<T> (*parse)(const json::Value& value, const std::string& what), std::vector<T>& out) {
  const json::Value* list = root.Find(name);
  if (list == nullptr || list->is_null()) return {};
  if (list->array() == nullptr) return Invalid(std::string(name) + " is not a list");
  if (list->array()->size() > limits::kTrustRootEntries) {
    return Error{ErrorCode::kLimit, std::string("trusted root: ") + name + " has too many entries"};
  }
  for (const json::Value& one : *list->array()) {
    auto parsed = parse(one, std::string(name) + "[" + std::to_string(out.size()) + "]");
    if (!parsed) return parsed.error();
    out.push_back(std::move(*parsed));
  }
  return {};
}

}  // namespace

Result<TrustedRoot> TrustedRoot::Parse(std::string_view text) {
  if (text.size() > limits::kTrustRootBytes) return Error{ErrorCode::kLimit, "trusted root is too large"};
  auto parsed = json::Parse(text);
  // `gh attestation trusted-root` prints one a line.
  const std::size_t line = text.find('\n');
  if (!parsed && line < text.size() && json::Parse(text.substr(0, line)).ok()) {
    return Invalid("the file holds more than one trusted root, one a line (JSON lines); make a file of each");
  }
  if (!parsed) return parsed.error().In("trusted root");
  if (!IsKnownMediaType(TextOr(*parsed, "mediaType"))) return Invalid("mediaType is not a known version");
  TrustedRoot out;
  if (auto s = ParseList(*parsed, "tlogs", ParseLog, out.logs); !s) return s.error();
  if (auto s = ParseList(*parsed, "ctlogs", ParseLog, out.certificate_logs); !s) return s.error();
  if (auto s = ParseList(*parsed, "certificateAuthorities", ParseAuthority, out.certificate_authorities); !s)
    return s.error();
  if (auto s = ParseList(*parsed, "timestampAuthorities", ParseAuthority, out.timestamp_authorities); !s)
    return s.error();
  if (out.logs.empty() && out.certificate_authorities.empty() && out.timestamp_authorities.empty()) {
    return Invalid("trusts nobody");
  }
  return out;
}

}  // namespace pullseal::sigstore
