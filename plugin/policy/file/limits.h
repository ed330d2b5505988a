// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_FILE_LIMITS_H_
#define PULLSEAL_POLICY_FILE_LIMITS_H_

#include <cstddef>

#include "core/base/units.h"

// What policy/file reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// Policy files: 10,000 rules fit.
inline constexpr std::size_t kPolicyBytes = 1 * kMiB;
inline constexpr std::size_t kPolicyRules = 10'000;
// Each is compared with the others, certificate by certificate.
inline constexpr std::size_t kTrustStores = 32;
// Revocation lists of one authority: four belong to an image of Microsoft's with its timestamp.
inline constexpr std::size_t kRevocationLists = 64;
// Bytes of all files that one pattern picks: lists are kept in memory.
inline constexpr std::size_t kRevocationFilesBytes = 32 * kMiB;

}  // namespace pullseal::limits

#endif  // PULLSEAL_POLICY_FILE_LIMITS_H_
