// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_TUF_LIMITS_H_
#define PULLSEAL_VERIFY_TUF_LIMITS_H_

#include <cstddef>

// What verify/tuf reads, keeps or follows at most, each with its reason.
namespace pullseal::limits {

// What go-tuf and python-tuf take at most; the public repository's are 5.6 KiB, 0.4 KiB, 1.8 KiB and 5 KiB.
inline constexpr std::size_t kTrustRootMetadataBytes = 512'000;
inline constexpr std::size_t kTrustTimestampBytes = 16'384;
inline constexpr std::size_t kTrustSnapshotBytes = 2'000'000;
inline constexpr std::size_t kTrustTargetsBytes = 5'000'000;
inline constexpr int kTrustRootSteps = 256;               // new roots in one update: a century of the public one's
inline constexpr int kTrustRoles = 32;                    // roles searched for one target
inline constexpr std::size_t kTrustDepth = 32;            // of signed metadata; targets need 6
inline constexpr std::size_t kTrustKeys = 1024;           // of one root or one list of delegations
inline constexpr std::size_t kTrustSignatures = 128;      // of one metadata file; each may cost a verification
inline constexpr std::size_t kTrustDelegations = 16'384;  // roles of one list: hash bins of 14 bits
inline constexpr std::size_t kTrustPatterns = 16'384;     // path patterns and hash prefixes of one list
// One target's name or pattern, and a role's name (whose file name, percent-encoded, a file system must take).
inline constexpr std::size_t kTrustNameBytes = 512;
inline constexpr std::size_t kTrustRoleNameBytes = 80;

}  // namespace pullseal::limits

#endif  // PULLSEAL_VERIFY_TUF_LIMITS_H_
