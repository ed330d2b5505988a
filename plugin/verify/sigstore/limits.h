// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_LIMITS_H_
#define PULLSEAL_VERIFY_SIGSTORE_LIMITS_H_

#include <cstddef>

#include "core/base/units.h"

// What verify/sigstore reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// Entries of a bundle's lists, as Sigstore's own clients bound them.
inline constexpr std::size_t kLogEntries = 32;
inline constexpr std::size_t kTimestamps = 32;
inline constexpr std::size_t kProofHashes = 64;
// A checkpoint is 0.3 KiB; witnesses add a line each.
inline constexpr std::size_t kCheckpointBytes = 64 * kKiB;
inline constexpr std::size_t kCheckpointLines = 128;
// A log entry's body is 1 to 4 KiB: a signature and a certificate in base64, twice in old kinds.
inline constexpr std::size_t kEntryBodyBytes = 256 * kKiB;
inline constexpr std::size_t kCertificateTimestamps = 16;  // SCTs in one certificate; authorities embed one to three
// The public-good trusted root is 7 KiB; private ones with many logs stay far below this.
inline constexpr std::size_t kTrustRootBytes = 1 * kMiB;
inline constexpr std::size_t kTrustRootEntries = 64;

}  // namespace pullseal::limits

#endif  // PULLSEAL_VERIFY_SIGSTORE_LIMITS_H_
