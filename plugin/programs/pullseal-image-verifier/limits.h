// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_IMAGE_VERIFIER_LIMITS_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_IMAGE_VERIFIER_LIMITS_H_

#include <chrono>

#include "core/base/units.h"

// What programs/pullseal-image-verifier reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// containerd kills a verifier after 10 s by default; the daemon answers after 8 s at the latest.
inline constexpr seconds kPluginWait{9};

}  // namespace pullseal::limits

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_IMAGE_VERIFIER_LIMITS_H_
