// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_REPORTS_METRICS_LIMITS_H_
#define PULLSEAL_REPORTS_METRICS_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What reports/metrics reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kMetricNamespaces = 200;
inline constexpr std::size_t kMetricSeries = 20'000;
inline constexpr std::size_t kScrapeRequestBytes = 8 * kKiB;
inline constexpr seconds kScrapeTime{5};

}  // namespace pullseal::limits

#endif  // PULLSEAL_REPORTS_METRICS_LIMITS_H_
