// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_STORE_LIMITS_H_
#define PULLSEAL_IMAGE_STORE_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What image/store reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kStoreBytes = 64 * kMiB;  // a signed image needs about 1.5 KiB with a key, 16 KiB keyless
inline constexpr std::size_t kStoreQueue = 256;        // reads and writes waiting for the disk
inline constexpr milliseconds kStoreReadTime{100};     // a slower disk is slower than asking the registry
// Waited for a slow disk where the registry does not allow either: nobody is refused for a disk that is busy this long.
inline constexpr milliseconds kStoreLateTime{3000};
inline constexpr milliseconds kStoreAdminTime{3000};   // for operators' questions about all of it

}  // namespace pullseal::limits

#endif  // PULLSEAL_IMAGE_STORE_LIMITS_H_
