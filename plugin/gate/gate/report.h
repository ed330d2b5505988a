// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_REPORT_H_
#define PULLSEAL_GATE_GATE_REPORT_H_

#include <chrono>
#include <string>

#include "core/base/result.h"
#include "gate/gate/decision.h"
#include "gate/gate/standing.h"

namespace pullseal::gate {

// Event is one decision with what it was about, as it goes to the audit log and the metrics.
struct Event {
  std::string action;  // pull, create, start, volume, sandbox, verify, plugin, policy, lifecycle
  std::string image;
  std::string image_id;
  std::string pod_namespace;
  std::string pod;
  std::string pod_uid;
  std::string container;
  std::chrono::microseconds duration{0};
};

// Reporter tells the world of decisions. Thread-safe.
class Reporter {
 public:
  virtual ~Reporter() = default;
  // An error means that the decision could not be recorded durably.
  virtual Status Report(const Event& event, const Decision& decision, const Snapshot* snapshot) = 0;
  // Counts messages with fields that this version does not know.
  virtual void UnknownFields() = 0;
};

// Settle reports `decision` and says what it comes to. This is the one place where anything that is not an allow
// becomes a refusal. `decision` changes if it could not be recorded under a policy that refuses.
Standing Settle(Reporter& reporter, const Event& event, const Snapshot* snapshot, Decision& decision);

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_REPORT_H_
