// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_LIMITS_H_
#define PULLSEAL_CORE_CRYPTO_LIMITS_H_

#include <cstddef>

#include "core/base/units.h"

// What core/crypto reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// Certificates of one chain, as Sigstore's own clients bound them.
inline constexpr std::size_t kCertificates = 10;
// Certificates of signers are 0.7 to 1 KiB; RSA 4096 with many names stays below this.
inline constexpr std::size_t kCertificateBytes = 16 * kKiB;
// A time-stamp response is 0.5 KiB, with its certificates 2 to 6 KiB.
inline constexpr std::size_t kTimestampBytes = 64 * kKiB;
// Attributes of one subject; certificates have about five.
inline constexpr std::size_t kNameAttributes = 32;
// A PEM public key; RSA 4096 is 800 bytes.
inline constexpr std::size_t kKeyBytes = 16 * kKiB;
// Smaller RSA keys are too weak, larger ones cost more to verify than they bring.
inline constexpr int kRsaBitsLeast = 2048;
inline constexpr int kRsaBitsMost = 4096;

// A revocation list: a private authority's is some KiB, the largest known public one nearly this.
inline constexpr std::size_t kRevocationListBytes = 16 * kMiB;
// From a certificate to an anchor: certificates of one path, paths that are verified, names that are compared. Real
// ones need two, one and some ten; more come only from a signature or timestamp that is made to cost.
inline constexpr std::size_t kPathDepth = 8;
inline constexpr std::size_t kPathTries = 8;
inline constexpr std::size_t kPathSteps = 4096;

}  // namespace pullseal::limits

#endif  // PULLSEAL_CORE_CRYPTO_LIMITS_H_
