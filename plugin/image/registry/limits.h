// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_LIMITS_H_
#define PULLSEAL_IMAGE_REGISTRY_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What image/registry reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// What refers to one subject and may hold a signature; each costs two requests. Attestations are told apart before.
inline constexpr std::size_t kReferrers = 128;
inline constexpr int kReferrerPages = 10;
// Repositories whose layout (where their signatures are) is remembered.
inline constexpr std::size_t kLayouts = 4096;
inline constexpr int kRedirects = 5;  // registry -> storage is one hop, a CDN makes it two
inline constexpr milliseconds kBackoffFirst{200};
// Answers of a registry that asks for less are waited for within the decision's time, this often at most; the time that
// must be left for the answer itself.
inline constexpr int kThrottledAttempts = 8;
inline constexpr milliseconds kAnswerTime{1500};
inline constexpr seconds kRetryAfterMost{120};  // a longer Retry-After is not believed beyond this
// Requests under way at one host: more only wait for each other there, and look like an attack to a firewall.
inline constexpr std::size_t kRequestsPerHost = 8;
// A manifest or blob that an index names and a replica lacks: replicas are seconds apart.
inline constexpr milliseconds kReplicaFirst{500};
inline constexpr int kReplicaAttempts = 3;
inline constexpr int kReplicaWaits = 4;                     // in one search
inline constexpr std::size_t kHostsFileBytes = 256 * kKiB;  // a hosts.toml; usual ones have ten lines
inline constexpr std::size_t kMirrors = 16;                 // hosts in one hosts.toml; each may be asked for everything
inline constexpr std::size_t kCertificateFiles = 64;        // certificate files beside it
inline constexpr std::size_t kKnownHosts = 256;             // registry hosts whose configuration is kept
// A registry that failed twice in a row is left alone for this long, doubled each time, a fifth more or less by chance.
inline constexpr milliseconds kRestFirst{1000};
inline constexpr milliseconds kRestMost{30'000};
inline constexpr std::size_t kCachedTokens = 256;

}  // namespace pullseal::limits

#endif  // PULLSEAL_IMAGE_REGISTRY_LIMITS_H_
