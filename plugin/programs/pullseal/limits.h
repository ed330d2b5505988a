// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_LIMITS_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_LIMITS_H_

#include <cstddef>

#include "core/base/units.h"

// What programs/pullseal reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// A file that `pullseal verify-bundle` reads whole; larger ones can be given by their digest.
inline constexpr std::size_t kArtifactBytes = 512 * kMiB;

}  // namespace pullseal::limits

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_LIMITS_H_
