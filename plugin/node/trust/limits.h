// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_TRUST_LIMITS_H_
#define PULLSEAL_NODE_TRUST_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"
#include "verify/tuf/limits.h"

// What node/trust reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kTrustTargets = 1024;              // fetched in one update
inline constexpr std::size_t kTrustTargetBytes = 16 * kMiB;     // one of them; a trusted root is 7 KiB
inline constexpr std::size_t kTrustAllTargetBytes = 64 * kMiB;  // all of them
inline constexpr std::size_t kTrustArchiveBytes = 128 * kMiB;   // a mirror in one tar; the public one is 0.3 MiB
inline constexpr std::size_t kTrustArchiveEntries = 16'384;
inline constexpr int kTrustRedirects = 5;        // a mirror on object storage behind a CDN makes two
inline constexpr seconds kTrustRequestTime{30};  // one file of a mirror
inline constexpr seconds kTrustUpdateTime{300};  // a whole update: 256 roots at a second each

}  // namespace pullseal::limits

#endif  // PULLSEAL_NODE_TRUST_LIMITS_H_
