// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_LIMITS_H_
#define PULLSEAL_GATE_GATE_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What gate/gate reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kVerdicts = 10'000;         // cached verdicts; a node has at most a few hundred images
inline constexpr std::size_t kEvidenceBytes = 8 * kMiB;  // evidence kept in memory
// Evidence older than this is of no use to anybody, also under onUnavailable: allow-known.
inline constexpr std::chrono::hours kEvidenceLife{24 * 30};
// A clock that was set back makes evidence seem to come from the future; more than this is not believed.
inline constexpr std::chrono::minutes kClockSkew{5};
inline constexpr int kRefreshesPerRound = 20;  // searches in the background per round, one after the other

}  // namespace pullseal::limits

#endif  // PULLSEAL_GATE_GATE_LIMITS_H_
