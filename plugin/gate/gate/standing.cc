// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/standing.h"

#include "gate/gate/snapshot.h"

namespace pullseal::gate {

bool OnlyRecords(const Snapshot* snapshot) {
  return snapshot != nullptr && (snapshot->break_glass || snapshot->policy.mode == policy::Mode::kAudit);
}

Standing StandingOf(const Decision& decision, const Snapshot* snapshot) {
  if (decision.outcome() == Outcome::kAllow) return Standing::kGoesOn;
  return decision.audit_only || OnlyRecords(snapshot) ? Standing::kOnlyRecorded : Standing::kRefused;
}

std::string_view OutcomeText(const Decision& decision, const Snapshot* snapshot) {
  switch (StandingOf(decision, snapshot)) {
    case Standing::kGoesOn:
      return "allow";
    case Standing::kOnlyRecorded:
      return "would-deny";
    case Standing::kRefused:
      break;
  }
  return decision.outcome() == Outcome::kDeny ? "deny" : "unavailable";
}

std::string_view ModeText(const Decision& decision, const Snapshot* snapshot) {
  if (!OnlyRecords(snapshot)) return decision.audit_only ? "audit" : "enforce";
  return snapshot->break_glass ? "break-glass" : "audit";
}

}  // namespace pullseal::gate
