// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_RUNTIME_LIMITS_H_
#define PULLSEAL_IMAGE_RUNTIME_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What image/runtime reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr seconds kRuntimeCallTime{10};  // one small call to containerd
// Waiting for a connection to the runtime, which is tried again at least every half second.
inline constexpr milliseconds kRuntimeConnectTime{1500};
inline constexpr std::size_t kContentCacheBytes = 8 * kMiB;  // manifests and configs kept by digest
// An answer with the labels of one blob, or with notes: a label is at most 4 KiB, a blob has a few of them.
inline constexpr std::size_t kLabelBytes = 4 * kMiB;
inline constexpr std::size_t kClaims = 4096;  // names claimed at create; a node runs a few hundred containers
inline constexpr std::size_t kRunningContainers = 2'000;  // on one node: eight times what Kubernetes recommends

}  // namespace pullseal::limits

#endif  // PULLSEAL_IMAGE_RUNTIME_LIMITS_H_
