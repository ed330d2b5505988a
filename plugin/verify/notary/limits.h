// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_LIMITS_H_
#define PULLSEAL_VERIFY_NOTARY_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What verify/notary reads, keeps or tries at most, each with its reason.
namespace pullseal::limits {

// A Notary Project envelope: 3 to 12 KiB, with ten large certificates and a timestamp 250.
inline constexpr std::size_t kNotaryEnvelopeBytes = 1 * kMiB;
// What is signed: 171 bytes; the signer's own annotations can make it larger.
inline constexpr std::size_t kNotaryPayloadBytes = 64 * kKiB;
inline constexpr std::size_t kNotaryAttributes = 64;  // in a header; notation writes 5
inline constexpr std::size_t kNotaryAnnotations = 256;
// Certificates of a trust store and identities of a rule: each is compared with what a signature brings.
inline constexpr std::size_t kTrustStoreCertificates = 64;
inline constexpr std::size_t kNotaryIdentities = 64;
// Entries of a store's own list of revoked certificates: more is an authority's list, which is a file.
inline constexpr std::size_t kRevokedCertificates = 1024;
// A timestamp, or a signing authority's own time, may be this much ahead of our clock.
inline constexpr std::chrono::minutes kNotaryClockSkew{5};
inline constexpr std::size_t kDistinguishedNameBytes = 1 * kKiB;  // a name in the policy

}  // namespace pullseal::limits

#endif  // PULLSEAL_VERIFY_NOTARY_LIMITS_H_
