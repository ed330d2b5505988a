// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/cose.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "core/cbor/value.h"
#include "core/crypto/limits.h"
#include "verify/notary/attributes.h"
#include "verify/notary/limits.h"

namespace pullseal::notary {
namespace {

using cbor::Value;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

// Labels of RFC 9052 section 3.1, RFC 9360 section 2, and countersignatures (RFC 9338), which nobody here reads.
constexpr std::int64_t kAlgorithm = 1;
constexpr std::int64_t kCritical = 2;
constexpr std::int64_t kContentType = 3;
constexpr std::int64_t kKeyId = 4;
constexpr std::int64_t kIv = 5;
constexpr std::int64_t kPartialIv = 6;
constexpr std::int64_t kChain = 33;
constexpr std::array<std::int64_t, 4> kCountersignatures = {7, 9, 11, 12};

constexpr std::uint64_t kSign1Tag = 18;
constexpr std::uint64_t kTimeTag = 1;

struct NumberedAlgorithm {
  std::int64_t number;
  Algorithm algorithm;
};
constexpr std::array<NumberedAlgorithm, 6> kAlgorithms = {{
    {-37, Algorithm::kPs256},
    {-38, Algorithm::kPs384},
    {-39, Algorithm::kPs512},
    {-7, Algorithm::kEs256},
    {-35, Algorithm::kEs384},
    {-36, Algorithm::kEs512},
}};

// Whether a tag is anywhere in it, but for times of day one level down where `times` are let through.
bool HasTag(const Value& value, bool times) {
  if (const auto* tagged = value.tagged(); tagged != nullptr) {
    return !times || tagged->tag != kTimeTag || HasTag(tagged->content.front(), times);
  }
  if (const auto* array = value.array(); array != nullptr) {
    return std::any_of(array->begin(), array->end(), [&](const Value& one) { return HasTag(one, times); });
  }
  if (const auto* map = value.map(); map != nullptr) {
    return std::any_of(map->begin(), map->end(), [&](const auto& one) { return HasTag(one.second, times); });
  }
  return false;
}

// What RFC 9052 section 3.1 says of the common parameters in either header.
Status CheckCommon(const Value& header) {
  if (header.map() == nullptr) return Invalid("has a header that is no map");
  if (header.map()->size() > limits::kNotaryAttributes) return Error{ErrorCode::kLimit, "has too many attributes"};
  for (const std::int64_t label : {kKeyId, kIv, kPartialIv}) {
    const Value* value = header.Find(label);
    if (value != nullptr && value->bytes() == nullptr) return Invalid("has a header parameter of another kind");
  }
  if (header.Find(kIv) != nullptr && header.Find(kPartialIv) != nullptr) return Invalid("has two IVs");
  for (const std::int64_t label : kCountersignatures) {
    if (header.Find(label) != nullptr) return Invalid("has a countersignature");
  }
  return {};
}

// Tag 1 around a whole number of seconds since 1970 (RFC 8949 section 3.4.2), not negative.
Result<std::optional<WallTime>> Time(const Value& header, std::string_view name) {
  const Value* member = header.Find(name);
  if (member == nullptr) return std::optional<WallTime>();
  const auto* tagged = member->tagged();
  const auto seconds = tagged != nullptr && tagged->tag == kTimeTag ? tagged->content.front().integer() : std::nullopt;
  if (!seconds || *seconds < 0) return Invalid("has a time that is none: " + std::string(name));
  // What the clock cannot hold is later than anything that is asked about.
  constexpr std::int64_t kMost = 9'000'000'000;
  return std::optional(*seconds > kMost ? WallTime::max() : WallTime{} + std::chrono::seconds(*seconds));
}

Result<std::string> NameOf(const Value& label) {
  if (label.text() != nullptr) return std::string(*label.text());
  if (const auto number = label.integer()) return "#" + std::to_string(*number);
  return Invalid("has a label that is neither text nor a number that fits");
}

Result<std::vector<std::string>> Critical(const Value& header) {
  const Value* member = header.Find(kCritical);
  const cbor::Array* list = member != nullptr ? member->array() : nullptr;
  if (list == nullptr || list->empty()) return Invalid("has no list of critical attributes");
  std::vector<std::string> out;
  for (const Value& one : *list) {
    auto name = NameOf(one);
    if (!name) return name.error();
    out.push_back(std::move(*name));
  }
  return out;
}

// Names that are read here; all else are others.
bool IsStandard(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {
      "#1", "#2", "#3", kSchemeName, kSigningTimeName, kAuthenticTimeName, kExpiryName};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

Result<std::string> Text(const Value* value, const char* what) {
  if (value == nullptr || value->text() == nullptr) return Invalid(std::string("has no ") + what);
  return std::string(*value->text());
}

Result<Algorithm> AlgorithmNumbered(const Value* value) {
  const auto number = value != nullptr ? value->integer() : std::nullopt;
  const auto* found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                   [&](const NumberedAlgorithm& one) { return number == one.number; });
  if (found == kAlgorithms.end()) return Invalid("is signed with an algorithm that is not accepted");
  return found->algorithm;
}

Result<Attributes> ReadAttributes(const Value& header) {
  Attributes out;
  auto content_type = Text(header.Find(kContentType), "content type");
  if (!content_type) return content_type.error();
  out.content_type = std::move(*content_type);
  auto scheme = Text(header.Find(kSchemeName), "signing scheme");
  if (!scheme) return scheme.error();
  out.scheme = std::move(*scheme);
  for (const auto& [name, slot] :
       {std::pair{kSigningTimeName, &out.signing_time}, std::pair{kAuthenticTimeName, &out.authentic_time},
        std::pair{kExpiryName, &out.expiry}}) {
    auto time = Time(header, name);
    if (!time) return time.error();
    *slot = *time;
  }
  auto critical = Critical(header);
  if (!critical) return critical.error();
  out.critical = std::move(*critical);
  for (const auto& [label, value] : *header.map()) {
    auto name = NameOf(label);
    if (!name) return name.error();
    if (!IsStandard(*name)) out.others.push_back(std::move(*name));
  }
  return out;
}

Status TakeProtected(ByteView bytes, Envelope& out) {
  const auto header = cbor::Parse(bytes);
  if (!header) return header.error().In("protected header");
  if (auto common = CheckCommon(*header); !common) return common;
  if (HasTag(*header, true)) return Invalid("has a tag in its protected header");
  // The specification lets it be there, notation reads it in the other header only: never both.
  if (header->Find(kChain) != nullptr) return Invalid("has its certificates in the protected header");
  const auto algorithm = AlgorithmNumbered(header->Find(kAlgorithm));
  if (!algorithm) return algorithm.error();
  out.algorithm = *algorithm;
  const auto attributes = ReadAttributes(*header);
  if (!attributes) return attributes.error();
  return Take(*attributes, out);
}

Status TakeUnprotected(const Value& header, Envelope& out) {
  if (auto common = CheckCommon(header); !common) return common;
  if (HasTag(header, false)) return Invalid("has a tag in its unprotected header");
  // RFC 9052 section 3.1: integrity protected, or of no use.
  if (header.Find(kCritical) != nullptr) return Invalid("has critical names in its unprotected header");
  const Value* chain = header.Find(kChain);
  const cbor::Array* list = chain != nullptr ? chain->array() : nullptr;
  if (list == nullptr || list->empty()) return Invalid("brings no certificates");
  if (list->size() > limits::kCertificates) return Error{ErrorCode::kLimit, "brings too many certificates"};
  for (const Value& one : *list) {
    if (one.bytes() == nullptr || one.bytes()->empty()) return Invalid("brings a certificate that is none");
    out.certificates.emplace_back(one.bytes()->begin(), one.bytes()->end());
  }
  if (const Value* token = header.Find(kTimestampName); token != nullptr) {
    if (token->bytes() == nullptr || token->bytes()->empty()) return Invalid("has a timestamp that is no bytes");
    out.timestamp.emplace(token->bytes()->begin(), token->bytes()->end());
  }
  if (const Value* agent = header.Find(kAgentName); agent != nullptr && agent->text() != nullptr) {
    out.agent = Printable(*agent->text(), 128);
  }
  return {};
}

// A byte string's head in its shortest form (RFC 8949 section 3).
void PutBytes(ByteView bytes, Bytes& out) {
  const std::size_t size = bytes.size();
  const int octets = size < 24 ? 0 : size < 0x100 ? 1 : size < 0x10000 ? 2 : 4;
  const int info = octets == 0 ? static_cast<int>(size) : octets == 1 ? 24 : octets == 2 ? 25 : 26;
  out.push_back(static_cast<std::uint8_t>(0x40 | info));
  for (int i = octets; i-- > 0;) out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// Sig_structure (RFC 9052 section 4.4) without external data.
Bytes SignedBytes(ByteView protected_header, ByteView payload) {
  constexpr std::string_view kStart = "\x84\x6aSignature1";
  Bytes out(kStart.begin(), kStart.end());
  PutBytes(protected_header, out);
  out.push_back(0x40);
  PutBytes(payload, out);
  return out;
}

}  // namespace

Result<Envelope> ParseCose(ByteView bytes) {
  const auto message = cbor::Parse(bytes);
  if (!message) return message.error();
  const auto* tagged = message->tagged();
  if (tagged == nullptr || tagged->tag != kSign1Tag) return Invalid("is no COSE_Sign1_Tagged");
  const cbor::Array* parts = tagged->content.front().array();
  if (parts == nullptr || parts->size() != 4) return Invalid("is no COSE_Sign1 of four parts");
  const ByteView* protected_header = parts->at(0).bytes();
  const ByteView* payload = parts->at(2).bytes();
  const ByteView* signature = parts->at(3).bytes();
  if (protected_header == nullptr || payload == nullptr || signature == nullptr || signature->empty()) {
    return Invalid("has a part of another kind");
  }
  Envelope out;
  if (auto taken = TakeProtected(*protected_header, out); !taken) return taken.error();
  if (auto taken = TakeUnprotected(parts->at(1), out); !taken) return taken.error();
  out.payload.assign(payload->begin(), payload->end());
  out.signature.assign(signature->begin(), signature->end());
  out.signed_bytes = SignedBytes(*protected_header, *payload);
  return out;
}

}  // namespace pullseal::notary
