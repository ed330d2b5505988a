// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_AGENT_LIMITS_H_
#define PULLSEAL_NODE_AGENT_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What node/agent reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kReportBytes = 4 * kMiB;  // a doctor's report, read back
// The DaemonSet's pod.
inline constexpr seconds kAgentRound{5};
inline constexpr seconds kApplyRetry{60};  // what was refused is judged again: what stood against it may be gone
inline constexpr seconds kTaintRound{60};  // a taint that comes back is lifted within this; one GET a node
inline constexpr seconds kHeadRound{60};   // the audit head is shipped each minute
inline constexpr seconds kApplyTime{600};  // one installation, with its watch
inline constexpr std::size_t kAuditBatchBytes = 1 * kMiB;  // copied to standard output at a time

}  // namespace pullseal::limits

#endif  // PULLSEAL_NODE_AGENT_LIMITS_H_
