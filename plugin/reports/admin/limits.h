// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_REPORTS_ADMIN_LIMITS_H_
#define PULLSEAL_REPORTS_ADMIN_LIMITS_H_

#include <chrono>

#include "core/base/units.h"

// What reports/admin reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr int kAdminConnections = 8;
inline constexpr seconds kAdminWriteTime{5};
inline constexpr seconds kAdminIdleTime{60};

}  // namespace pullseal::limits

#endif  // PULLSEAL_REPORTS_ADMIN_LIMITS_H_
