// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_REQUIREMENT_LIMITS_H_
#define PULLSEAL_VERIFY_REQUIREMENT_LIMITS_H_

#include <cstddef>

// What verify/requirement reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// Entries of one rule's lists of attestations: each one that is found is verified once for each of them.
inline constexpr std::size_t kAttestations = 64;
// Holders of certificates that one authority names: each is compared with what a signature brings.
inline constexpr std::size_t kHolders = 64;

}  // namespace pullseal::limits

#endif  // PULLSEAL_VERIFY_REQUIREMENT_LIMITS_H_
