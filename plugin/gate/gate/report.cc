// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/report.h"

namespace pullseal::gate {

bool Conclude(Reporter& reporter, const Event& event, const Snapshot* snapshot, Decision& decision) {
  const bool enforcing = snapshot == nullptr || snapshot->policy.mode == policy::Mode::kEnforce;
  if (!enforcing) decision.audit_only = true;
  const Status recorded = reporter.Report(event, decision, snapshot);
  if (!recorded && enforcing) decision = Refuse(Reason::kAuditUnavailable, recorded.error().message);
  return decision.outcome() == Outcome::kAllow || decision.audit_only;
}

}  // namespace pullseal::gate
