// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_CONFIG_LIMITS_H_
#define PULLSEAL_NODE_CONFIG_LIMITS_H_

#include <cstddef>

#include "core/base/units.h"

// What node/config reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kWorkersMost = 256;
inline constexpr std::size_t kQueueMost = 100'000;
inline constexpr std::size_t kAuditBytesLeast = 1 * kMiB;  // a smaller file would be rotated all the time

}  // namespace pullseal::limits

#endif  // PULLSEAL_NODE_CONFIG_LIMITS_H_
