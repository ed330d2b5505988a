// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_LIMITS_H_
#define PULLSEAL_ADAPTERS_CRI_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What adapters/cri reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr seconds kSandboxPullTime{120};  // pulling the pause image (under 1 MiB)
inline constexpr seconds kTagVisibleTime{5};     // containerd's event loop shows a new record within ms
inline constexpr std::size_t kRefusalBytes = 1024;
// Of a request that is recorded without being parsed: repeated fields of pods' specs are some hundreds.
inline constexpr std::size_t kDescribedFields = 4096;
inline constexpr std::size_t kDescribedBytes = 1 * kKiB;  // of each text; an audit record keeps no more

}  // namespace pullseal::limits

#endif  // PULLSEAL_ADAPTERS_CRI_LIMITS_H_
