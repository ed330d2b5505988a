// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/jws.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/crypto/limits.h"
#include "core/json/value.h"
#include "verify/notary/attributes.h"
#include "verify/notary/limits.h"

namespace pullseal::notary {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

struct NamedAlgorithm {
  std::string_view name;
  Algorithm algorithm;
};
constexpr std::array<NamedAlgorithm, 6> kAlgorithms = {{
    {"PS256", Algorithm::kPs256},
    {"PS384", Algorithm::kPs384},
    {"PS512", Algorithm::kPs512},
    {"ES256", Algorithm::kEs256},
    {"ES384", Algorithm::kEs384},
    {"ES512", Algorithm::kEs512},
}};

// base64url without padding (RFC 7515 section 2), canonical only.
Result<Bytes> Base64UrlDecode(std::string_view text) {
  const Error bad = Invalid("has a member that is not canonical base64url");
  if (text.find_first_of("+/=") != text.npos) return bad;
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  auto out = Base64Decode(standard);
  if (!out) return bad;
  return out;
}

Result<const std::string*> Text(const json::Value& object, std::string_view name) {
  const std::string* text = object.FindString(name);
  if (text == nullptr) return Invalid("has no text \"" + std::string(name) + "\"");
  return text;
}

// A time that may be absent; null means absent, as the specification's own library reads it.
Result<std::optional<WallTime>> Time(const json::Value& header, std::string_view name) {
  const json::Value* member = header.Find(name);
  if (member == nullptr || member->is_null()) return std::optional<WallTime>();
  const auto time = member->string() != nullptr ? AttributeTime(*member->string()) : std::nullopt;
  if (!time) return Invalid("has a time that is none: " + std::string(name));
  return time;
}

Result<std::vector<std::string>> Critical(const json::Value& header) {
  const json::Value* member = header.Find("crit");
  const json::Array* list = member != nullptr ? member->array() : nullptr;
  if (list == nullptr || list->empty()) return Invalid("has no list of critical attributes");
  std::vector<std::string> out;
  for (const json::Value& one : *list) {
    if (one.string() == nullptr) return Invalid("has a critical attribute that is no text");
    out.push_back(*one.string());
  }
  return out;
}

// Names of the protected header that are read here; all else are others.
bool IsStandard(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {
      "alg", "cty", "crit", kSchemeName, kSigningTimeName, kAuthenticTimeName, kExpiryName};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

Result<Algorithm> AlgorithmNamed(std::string_view name) {
  const auto* found =
      std::find_if(kAlgorithms.begin(), kAlgorithms.end(), [&](const NamedAlgorithm& one) { return one.name == name; });
  if (found == kAlgorithms.end()) return Invalid("is signed with an algorithm that is not accepted");
  return found->algorithm;
}

Status TakeProtected(const json::Value& header, Envelope& out) {
  const json::Members* members = header.object();
  if (members == nullptr) return Invalid("has a protected header that is no object");
  if (members->size() > limits::kNotaryAttributes) return Error{ErrorCode::kLimit, "has too many attributes"};
  const auto algorithm_name = Text(header, "alg");
  if (!algorithm_name) return algorithm_name.error();
  const auto algorithm = AlgorithmNamed(**algorithm_name);
  if (!algorithm) return algorithm.error();
  out.algorithm = *algorithm;
  Attributes attributes;
  const auto content_type = Text(header, "cty");
  if (!content_type) return content_type.error();
  attributes.content_type = **content_type;
  const auto scheme = Text(header, kSchemeName);
  if (!scheme) return scheme.error();
  attributes.scheme = **scheme;
  for (const auto& [name, slot] :
       {std::pair{kSigningTimeName, &attributes.signing_time},
        std::pair{kAuthenticTimeName, &attributes.authentic_time}, std::pair{kExpiryName, &attributes.expiry}}) {
    auto time = Time(header, name);
    if (!time) return time.error();
    *slot = *time;
  }
  auto critical = Critical(header);
  if (!critical) return critical.error();
  attributes.critical = std::move(*critical);
  for (const auto& [name, value] : *members) {
    if (!IsStandard(name)) attributes.others.push_back(name);
  }
  return Take(attributes, out);
}

Status TakeCertificates(const json::Value& header, Envelope& out) {
  const json::Value* member = header.Find("x5c");
  const json::Array* list = member != nullptr ? member->array() : nullptr;
  if (list == nullptr || list->empty()) return Invalid("brings no certificates");
  if (list->size() > limits::kCertificates) return Error{ErrorCode::kLimit, "brings too many certificates"};
  for (const json::Value& one : *list) {
    auto der = one.string() != nullptr ? Base64Decode(*one.string()) : Result<Bytes>(Error{});
    if (!der || der->empty()) return Invalid("brings a certificate that is not canonical base64");
    out.certificates.push_back(std::move(*der));
  }
  return {};
}

// The unprotected header. RFC 7515 section 7.2.1: no name is in both; section 4.1.11: crit is never here.
Status TakeUnprotected(const json::Value* header, const json::Value& protected_header, Envelope& out) {
  const json::Members* members = header != nullptr ? header->object() : nullptr;
  if (members == nullptr) return Invalid("has no unprotected header");
  if (members->size() > limits::kNotaryAttributes) return Error{ErrorCode::kLimit, "has too many attributes"};
  for (const auto& [name, value] : *members) {
    if (protected_header.Find(name) != nullptr) return Invalid("has a name in both of its headers");
  }
  if (auto certificates = TakeCertificates(*header, out); !certificates) return certificates;
  if (const json::Value* token = header->Find(kTimestampName); token != nullptr) {
    auto der = token->string() != nullptr ? Base64Decode(*token->string()) : Result<Bytes>(Error{});
    if (!der || der->empty()) return Invalid("has a timestamp that is not canonical base64");
    out.timestamp = std::move(*der);
  }
  if (const std::string* agent = header->FindString(kAgentName); agent != nullptr) out.agent = Printable(*agent, 128);
  return {};
}

}  // namespace

Result<Envelope> ParseJws(ByteView bytes) {
  const auto outer = json::Parse(AsText(bytes));
  if (!outer) return outer.error();
  if (outer->object() == nullptr) return Invalid("is no JSON object");
  // RFC 7515 section 7.2.2: the flattened form never has them.
  if (outer->Find("signatures") != nullptr) return Invalid("is in the general form of JWS");
  const auto payload_text = Text(*outer, "payload");
  const auto protected_text = Text(*outer, "protected");
  const auto signature_text = Text(*outer, "signature");
  if (!payload_text) return payload_text.error();
  if (!protected_text) return protected_text.error();
  if (!signature_text) return signature_text.error();
  auto payload = Base64UrlDecode(**payload_text);
  const auto protected_bytes = Base64UrlDecode(**protected_text);
  auto signature = Base64UrlDecode(**signature_text);
  if (!payload || !protected_bytes || !signature) return Invalid("has a member that is not canonical base64url");
  const auto header = json::Parse(AsText(*protected_bytes));
  if (!header) return header.error().In("protected header");

  Envelope out;
  if (auto taken = TakeProtected(*header, out); !taken) return taken.error();
  if (auto taken = TakeUnprotected(outer->Find("header"), *header, out); !taken) return taken.error();
  out.payload = std::move(*payload);
  out.signature = std::move(*signature);
  // Section 5.1: the texts as they stand.
  const std::string message = **protected_text + "." + **payload_text;
  out.signed_bytes.assign(message.begin(), message.end());
  return out;
}

}  // namespace pullseal::notary
