// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ORIGIN_LIMITS_H_
#define PULLSEAL_GATE_ORIGIN_LIMITS_H_

#include <cstddef>

#include "core/base/units.h"

// What gate/origin reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kNoteNames = 64;  // notes asked for at once: two digests under some names
// Repositories in containerd's notes on one blob that are compared with a rule's sources: a shared base image has some
// dozens. Whoever makes more of them makes them no note.
inline constexpr std::size_t kSourceItems = 4096;
// Pulls from hosts with a port under way; the relay holds fewer calls. One more is not watched, and its host's notes
// are looked at when it ends.
inline constexpr std::size_t kWatchedPulls = 4096;
inline constexpr seconds kWatchedPullTime{900};  // as long as kubelet waits for a large image, and longer
inline constexpr seconds kSweepCallTime{10};     // one call of a sweep through the notes

}  // namespace pullseal::limits

#endif  // PULLSEAL_GATE_ORIGIN_LIMITS_H_
