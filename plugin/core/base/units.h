// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_UNITS_H_
#define PULLSEAL_CORE_BASE_UNITS_H_

#include <chrono>
#include <cstddef>

// The units of bounds. The bounds themselves lie beside the rooms that read them, in each room's limits.h.
namespace pullseal::limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

}  // namespace pullseal::limits

#endif  // PULLSEAL_CORE_BASE_UNITS_H_
