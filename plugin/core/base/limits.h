// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_LIMITS_H_
#define PULLSEAL_CORE_BASE_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// Bounds that rooms share which may not include each other. All others lie beside their readers, in each room's
// limits.h.
namespace pullseal::limits {

// Configuration files, ours and others'.
inline constexpr std::size_t kConfigBytes = 256 * kKiB;
inline constexpr seconds kRequestTime{15};                   // one request with its body
inline constexpr std::size_t kGrpcMessageBytes = 16 * kMiB;  // kubelet's and containerd's own limit
// Rotated files of the audit log that are kept.
inline constexpr int kAuditFilesMost = 1000;
// One line of the admin protocol.
inline constexpr std::size_t kAdminLineBytes = 64 * kKiB;
inline constexpr seconds kWarmTime{30};  // judging one image that is to be warmed or that runs

}  // namespace pullseal::limits

#endif  // PULLSEAL_CORE_BASE_LIMITS_H_
