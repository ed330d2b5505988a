// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_LIMITS_H_
#define PULLSEAL_NODE_INSTALL_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What node/install reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// Environment file with KUBELET_NODE_LABELS.
inline constexpr std::size_t kLabelsFileBytes = 256 * kKiB;
// Installing on a node.
inline constexpr std::size_t kNodeFileBytes = 16 * kMiB;  // a file that is replaced; the largest is the static plugin
inline constexpr std::size_t kTransactionBytes = 64 * kMiB;  // what one change replaces, written down
inline constexpr std::size_t kNodeCommandBytes = 4 * kMiB;   // `containerd config dump`, `systemctl cat`
inline constexpr std::size_t kSettingsFileBytes = 1 * kMiB;  // a ConfigMap is no larger
inline constexpr std::size_t kSettingsFiles = 64;            // keys and roots beside a policy
inline constexpr std::size_t kImageFiles = 20'000;           // of an unpacked version
inline constexpr std::size_t kImageFileBytes = 256 * kMiB;
inline constexpr seconds kKubeletSteady{8};            // without fault, after it was restarted: some sync rounds
inline constexpr std::size_t kHealthBytes = 4 * kKiB;  // kubelet's answer to GET /healthz
inline constexpr seconds kHealthTime{3};
// Proving that a node enforces.
inline constexpr seconds kDoctorCall{10};           // one question to a socket
inline constexpr std::size_t kProcesses = 100'000;  // looked through in /proc

}  // namespace pullseal::limits

#endif  // PULLSEAL_NODE_INSTALL_LIMITS_H_
