// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ADMISSION_LIMITS_H_
#define PULLSEAL_GATE_ADMISSION_LIMITS_H_

#include <cstddef>

#include "core/base/limits.h"

// What gate/admission reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// Different digests of one repository that are looked at for one image; a node has some dozens. More is told.
inline constexpr std::size_t kRepositoryTargets = 1024;

}  // namespace pullseal::limits

#endif  // PULLSEAL_GATE_ADMISSION_LIMITS_H_
