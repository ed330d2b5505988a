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
// One row of the database of evidence; files of older versions have blobs of up to 16 MiB.
inline constexpr std::size_t kRowBytes = 32 * kMiB;
// Evidence of one image: a dozen keyless bundles, for a threshold and a rotation of all who sign.
inline constexpr std::size_t kSubjectBytes = 256 * kKiB;
inline constexpr std::size_t kSubjectUsers = 64;  // namespaces remembered as users of one image's evidence
// Signatures of one image kept in audit mode although no rule asks for them yet.
inline constexpr std::size_t kSpareBytes = 64 * kKiB;
// Waited for a slow disk where the registry does not allow either: nobody is refused for a disk that is busy this long.
inline constexpr milliseconds kStoreLateTime{3000};
inline constexpr milliseconds kStoreAdminTime{3000};  // for operators' questions about all of it

}  // namespace pullseal::limits

#endif  // PULLSEAL_IMAGE_STORE_LIMITS_H_
