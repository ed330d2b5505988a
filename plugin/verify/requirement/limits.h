// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_REQUIREMENT_LIMITS_H_
#define PULLSEAL_VERIFY_REQUIREMENT_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "core/base/units.h"

// What verify/requirement reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kPatternBytes = 1 * kKiB;      // a regular expression in the policy
inline constexpr std::int64_t kPatternMemory = 256 * 1024;  // what RE2 may use for one, compiled and at work

}  // namespace pullseal::limits

#endif  // PULLSEAL_VERIFY_REQUIREMENT_LIMITS_H_
