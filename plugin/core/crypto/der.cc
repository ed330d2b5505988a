// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/der.h"

#include <array>
#include <string>

namespace pullseal::crypto {
namespace {

using namespace std::string_view_literals;

Error Invalid(const char* message) { return Error{ErrorCode::kInvalid, message}; }

struct NamedHash {
  std::string_view oid;
  Hash hash;
};
constexpr std::array<NamedHash, 3> kHashes = {{
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv, Hash::kSha256},  // 2.16.840.1.101.3.4.2.1
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x02"sv, Hash::kSha384},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x03"sv, Hash::kSha512},
}};

}  // namespace

std::optional<std::uint8_t> DerReader::PeekTag() const {
  if (left_.empty()) return std::nullopt;
  return left_.front();
}

Result<DerValue> DerReader::Next() {
  if (left_.size() < 2) return Invalid("DER: ends too early");
  const std::uint8_t tag = left_[0];
  if ((tag & 0x1f) == 0x1f) return Invalid("DER: has an identifier of several octets");
  std::size_t header = 2;
  std::size_t length = left_[1];
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7f;
    // None means "indefinite"; with four we are beyond everything we read.
    if (octets == 0 || octets > 4 || left_.size() < 2 + octets)
      return Invalid("DER: has a length that is not definite");
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = length << 8 | left_[2 + i];
    const std::size_t least = octets == 1 ? 0x80 : std::size_t{1} << (8 * (octets - 1));
    if (length < least) return Invalid("DER: has a length that is not in its shortest form");
    header += octets;
  }
  if (length > left_.size() - header) return Invalid("DER: ends too early");
  const DerValue out{tag, left_.subspan(header, length), left_.first(header + length)};
  left_ = left_.subspan(header + length);
  return out;
}

Result<DerValue> DerReader::Next(std::uint8_t tag) {
  if (PeekTag() != tag) return Invalid("DER: has another value than the expected one");
  return Next();
}

Result<std::optional<DerValue>> DerReader::NextIf(std::uint8_t tag) {
  if (PeekTag() != tag) return std::optional<DerValue>();
  auto value = Next();
  if (!value) return value.error();
  return std::optional<DerValue>(*value);
}

Result<DerValue> ReadDer(ByteView bytes, std::uint8_t tag) {
  DerReader reader(bytes);
  auto out = reader.Next(tag);
  if (out && !reader.AtEnd()) return Invalid("DER: has bytes behind the value");
  return out;
}

// A whole number that is not negative and has at most 7 octets.
Result<std::int64_t> DerWhole(ByteView content) {
  if (content.empty() || content.size() > 7) return Invalid("DER: has a number of an odd size");
  if ((content.front() & 0x80) != 0) return Invalid("DER: has a negative number");
  const bool padded = content.size() > 1 && content[0] == 0 && (content[1] & 0x80) == 0;
  if (padded) return Invalid("DER: has a number that is not in its shortest form");
  std::int64_t out = 0;
  for (const std::uint8_t octet : content) out = out << 8 | octet;
  return out;
}

// GeneralizedTime of RFC 3161 section 2.4.2, or UTCTime, whose two digits of the year mean 1950 to 2049.
Result<WallTime> DerTime(const DerValue& value) {
  std::string text(AsText(value.content));
  if (value.tag == kDerUtcTime) text = (text < "50" ? "20" : "19") + text;
  if (text.size() < 15 || text.back() != 'Z') return Invalid("DER: has a time that is not in UTC");
  const auto time = ParseTime(text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2) + "T" +
                              text.substr(8, 2) + ":" + text.substr(10, 2) + ":" + text.substr(12));
  if (!time) return Invalid("DER: has a time that cannot be read");
  return *time;
}

// The next AlgorithmIdentifier's object identifier.
Result<std::string_view> DerAlgorithm(DerReader& reader) {
  const auto sequence = reader.Next(kDerSequence);
  if (!sequence) return sequence.error();
  const auto oid = DerReader(sequence->content).Next(kDerObject);
  if (!oid) return oid.error();
  return AsText(oid->content);
}

Result<Hash> DerHash(std::string_view oid) {
  for (const NamedHash& one : kHashes) {
    if (one.oid == oid) return one.hash;
  }
  return Invalid("DER: uses a hash that is not accepted, such as SHA-1");
}

}  // namespace pullseal::crypto
