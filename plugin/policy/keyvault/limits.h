// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_KEYVAULT_LIMITS_H_
#define PULLSEAL_POLICY_KEYVAULT_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What policy/keyvault reads and waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kVaultPages = 40;              // of versions, 25 in each: a thousand rotations
inline constexpr std::size_t kVaultAnswerBytes = 1 * kMiB;  // a page of names, or one key
inline constexpr std::size_t kVaultKeys = 64;               // enabled versions of one key; a policy has 64 files
inline constexpr seconds kVaultTime{120};                   // for all of it, while somebody waits

}  // namespace pullseal::limits

#endif  // PULLSEAL_POLICY_KEYVAULT_LIMITS_H_
