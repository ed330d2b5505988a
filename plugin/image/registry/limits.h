// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_LIMITS_H_
#define PULLSEAL_IMAGE_REGISTRY_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What image/registry reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// Manifests that refer to one subject and are read because they may be signatures: a year of daily scans twice over,
// which cosign 3 does not label. Those that say what they are, and those read before, do not count.
inline constexpr std::size_t kReferrers = 1024;
inline constexpr int kReferrerPages = 64;  // pages of 50 hold 3,200
// One attestation: provenance, a summary or what else is small has 1 to 60 KiB, with a build's whole event inside.
inline constexpr std::size_t kAttestationBytes = 1 * kMiB;
// Bytes of all signatures of one search together: kSignatures keyless bundles are 2.5 MiB.
inline constexpr std::size_t kSearchBytes = 4 * kMiB;
// Bytes of the signatures of all searches together: a whole share for as many as there are workers by default.
inline constexpr std::size_t kSearchesBytes = 32 * kMiB;
// Lists up to this are read without asking for room: they name 1,000 referrers. For larger ones a reader needs
// kListCost bytes for each byte, and all readers together have kListsBytes: one at a time.
inline constexpr std::size_t kSmallListBytes = 256 * kKiB;
inline constexpr std::size_t kListCost = 6;
inline constexpr std::size_t kListsBytes = 32 * kMiB;
inline constexpr std::size_t kKnownOtherManifests = 4096;  // by digest; 150 bytes each
inline constexpr std::size_t kSearchSteps = 512;           // lines told about one search
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
// Hosts remembered for trouble; a node pulls from some ten. Of each so many askers, some 300 bytes each.
inline constexpr std::size_t kTroubledHosts = 1024;
inline constexpr std::size_t kRestingAskers = 256;
inline constexpr std::size_t kFailingAskers = 8;  // at once at one host: the host fails, not what is asked of it
inline constexpr std::size_t kProbedPaths = 64;
inline constexpr std::size_t kCachedTokens = 256;

}  // namespace pullseal::limits

#endif  // PULLSEAL_IMAGE_REGISTRY_LIMITS_H_
