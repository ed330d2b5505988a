// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_PROBE_LIMITS_H_
#define PULLSEAL_ADAPTERS_PROBE_LIMITS_H_

#include <cstddef>

#include "core/base/units.h"

// What adapters/probe reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kProbeBytes = kMiB;  // the answer to a question the command line puts to a CRI socket

}  // namespace pullseal::limits

#endif  // PULLSEAL_ADAPTERS_PROBE_LIMITS_H_
