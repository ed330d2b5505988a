// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_TIMESTAMP_INFO_H_
#define PULLSEAL_CORE_CRYPTO_TIMESTAMP_INFO_H_

#include <chrono>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/hash.h"

namespace pullseal::crypto {

// TimestampInfo is what a timestamp authority says: the content of a token. Views into the bytes that were read.
struct TimestampInfo {
  WallTime time;                          // genTime, to the microsecond
  std::chrono::microseconds accuracy{0};  // to either side; see TimestampToken
  Hash imprint_hash = Hash::kSha256;
  ByteView imprint;
};

// ReadTimestampInfo reads a DER TSTInfo of version 1 (RFC 3161 section 2.4.2) with nothing behind it: an imprint by
// SHA-256, SHA-384 or SHA-512, an accuracy that is not negative and at most a year, no critical extension. kInvalid.
Result<TimestampInfo> ReadTimestampInfo(ByteView der);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_TIMESTAMP_INFO_H_
