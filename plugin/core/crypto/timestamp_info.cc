// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/timestamp_info.h"

#include <string>
#include <string_view>
#include <utility>

#include "core/crypto/der.h"

namespace pullseal::crypto {
namespace {

using namespace std::string_view_literals;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "timestamp: " + std::move(message)}; }

constexpr std::string_view kBestPractice = "\x04\x00\x8f\x67\x01\x01"sv;  // 0.4.0.2023.1.1

constexpr std::uint8_t kBoolean = 0x01;
constexpr std::uint8_t kContext0 = 0x80;  // [0] IMPLICIT, primitive
constexpr std::uint8_t kContext1 = 0x81;
constexpr std::uint8_t kConstructed0 = 0xa0;  // [0], constructed
constexpr std::uint8_t kConstructed1 = 0xa1;

// Accuracy (section 2.4.2).
Result<std::chrono::microseconds> Accuracy(ByteView content) {
  constexpr std::int64_t kYear = 366 * 24 * 3600;
  DerReader reader(content);
  std::chrono::microseconds out{0};
  struct Part {
    std::uint8_t tag;
    std::int64_t least, most;
    std::int64_t unit;
  };
  for (const Part& part :
       {Part{kDerInteger, 0, kYear, 1'000'000}, Part{kContext0, 1, 999, 1'000}, Part{kContext1, 1, 999, 1}}) {
    const auto value = reader.NextIf(part.tag);
    if (!value) return value.error();
    if (!*value) continue;
    const auto number = DerWhole((*value)->content);
    if (!number || *number < part.least || *number > part.most) return Invalid("has an accuracy that cannot be");
    out += std::chrono::microseconds(*number * part.unit);
  }
  if (!reader.AtEnd()) return Invalid("has an accuracy that cannot be read");
  return out;
}

// Extensions of a TSTInfo: none of them is known here, so none may be critical.
Status NoneIsCritical(ByteView content) {
  DerReader reader(content);
  while (!reader.AtEnd()) {
    const auto one = reader.Next(kDerSequence);
    if (!one) return one.error();
    DerReader parts(one->content);
    if (const auto oid = parts.Next(kDerObject); !oid) return oid.error();
    const auto critical = parts.NextIf(kBoolean);
    if (!critical) return critical.error();
    if (*critical) return Invalid("has a critical extension");
  }
  return {};
}

// MessageImprint.
Status ReadImprint(DerReader& reader, TimestampInfo& out) {
  const auto imprint = reader.Next(kDerSequence);
  if (!imprint) return imprint.error();
  DerReader parts(imprint->content);
  const auto algorithm = DerAlgorithm(parts);
  if (!algorithm) return algorithm.error();
  const auto hash = DerHash(*algorithm);
  if (!hash) return hash.error();
  const auto bytes = parts.Next(kDerOctets);
  if (!bytes) return bytes.error();
  out.imprint_hash = *hash;
  out.imprint = bytes->content;
  return {};
}

// What stands behind genTime: accuracy, ordering, nonce, tsa, extensions, all of them optional.
Status ReadInfoTail(DerReader& reader, TimestampInfo& out) {
  const auto accuracy = reader.NextIf(kDerSequence);
  if (!accuracy) return accuracy.error();
  if (*accuracy) {
    const auto value = Accuracy((*accuracy)->content);
    if (!value) return value.error();
    out.accuracy = *value;
  }
  for (const std::uint8_t tag : {std::uint8_t{kBoolean}, std::uint8_t{kDerInteger}, std::uint8_t{kConstructed0}}) {
    if (const auto unused = reader.NextIf(tag); !unused) return unused.error();
  }
  const auto extensions = reader.NextIf(kConstructed1);
  if (!extensions) return extensions.error();
  if (*extensions) {
    if (auto known = NoneIsCritical((*extensions)->content); !known) return known;
  }
  if (!reader.AtEnd()) return Invalid("has more in its TSTInfo than belongs there");
  return {};
}

}  // namespace

Result<TimestampInfo> ReadTimestampInfo(ByteView der) {
  const auto sequence = ReadDer(der, kDerSequence);
  if (!sequence) return sequence.error();
  TimestampInfo out;
  DerReader reader(sequence->content);
  const auto version = reader.Next(kDerInteger);
  if (!version) return version.error();
  if (const auto number = DerWhole(version->content); !number || *number != 1) {
    return Invalid("its TSTInfo is of another version");
  }
  const auto policy = reader.Next(kDerObject);
  if (!policy) return policy.error();
  if (AsText(policy->content) == kBestPractice) out.accuracy = std::chrono::seconds(1);
  if (auto imprint = ReadImprint(reader, out); !imprint) return imprint.error();
  if (const auto serial = reader.Next(kDerInteger); !serial) return serial.error();
  const auto time = reader.Next(kDerGeneralizedTime);
  if (!time) return time.error();
  const auto read = DerTime(*time);
  if (!read) return read.error();
  out.time = *read;
  if (auto tail = ReadInfoTail(reader, out); !tail) return tail.error();
  return out;
}

}  // namespace pullseal::crypto
