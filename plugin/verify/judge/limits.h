// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_JUDGE_LIMITS_H_
#define PULLSEAL_VERIFY_JUDGE_LIMITS_H_

#include <chrono>

#include "core/base/units.h"

// What verify/judge reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// Clocks of those who attest and ours: synchronised ones differ by less than a second.
inline constexpr std::chrono::minutes kClockSkew{5};

}  // namespace pullseal::limits

#endif  // PULLSEAL_VERIFY_JUDGE_LIMITS_H_
