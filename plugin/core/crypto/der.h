// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_DER_H_
#define PULLSEAL_CORE_CRYPTO_DER_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/hash.h"

namespace pullseal::crypto {

// Identifier octets (X.690 section 8.1.2) of the values that our formats are made of.
enum DerTag : std::uint8_t {
  kDerInteger = 0x02,
  kDerOctets = 0x04,
  kDerObject = 0x06,
  kDerUtcTime = 0x17,
  kDerGeneralizedTime = 0x18,
  kDerSequence = 0x30,
  kDerSet = 0x31,
};

// DerValue is one value: its identifier octet, what is in it, and all of it. Views into the bytes that were read.
struct DerValue {
  std::uint8_t tag = 0;
  ByteView content;
  ByteView encoded;
};

// DerReader reads values one behind the other, strictly: identifiers of one octet, definite lengths in their shortest
// form (X.690 sections 10.1 and 8.1.3). It does not look into them. Does not own the bytes; for one thread at a time.
class DerReader {
 public:
  explicit DerReader(ByteView bytes) : left_(bytes) {}

  bool AtEnd() const { return left_.empty(); }
  // The identifier octet of the next value; absent at the end.
  std::optional<std::uint8_t> PeekTag() const;
  // The next value. kInvalid.
  Result<DerValue> Next();
  // The next value, which has to have that tag. kInvalid.
  Result<DerValue> Next(std::uint8_t tag);
  // The next value if it has that tag, else nothing is read. kInvalid.
  Result<std::optional<DerValue>> NextIf(std::uint8_t tag);

 private:
  ByteView left_;
};

// What is built of them. All say kInvalid.

// A whole number that is not negative, in its shortest form, of at most 7 octets.
Result<std::int64_t> DerWhole(ByteView content);
// GeneralizedTime (as RFC 3161 section 2.4.2 restricts it) or UTCTime, both in UTC.
Result<WallTime> DerTime(const DerValue& value);
// The object identifier of the next AlgorithmIdentifier, as the octets it is encoded in; parameters are not looked at.
Result<std::string_view> DerAlgorithm(DerReader& reader);
// The hash that such octets name: SHA-256, SHA-384 or SHA-512.
Result<Hash> DerHash(std::string_view oid);

// ReadDer reads exactly one value of that tag, with nothing behind it. kInvalid.
Result<DerValue> ReadDer(ByteView bytes, std::uint8_t tag);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_DER_H_
