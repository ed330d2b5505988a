// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_DOCTOR_LIMITS_H_
#define PULLSEAL_NODE_DOCTOR_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What node/doctor reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr seconds kReportAge{180};                 // older proves nothing: three rounds of the timer
inline constexpr std::size_t kLowDiskBytes = 256 * kMiB;  // four audit logs' worth

}  // namespace pullseal::limits

#endif  // PULLSEAL_NODE_DOCTOR_LIMITS_H_
