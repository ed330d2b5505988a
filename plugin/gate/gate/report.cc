// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/report.h"

namespace pullseal::gate {

Standing Settle(Reporter& reporter, const Event& event, const Snapshot* snapshot, Decision& decision) {
  const Status recorded = reporter.Report(event, decision, snapshot);
  if (!recorded && !OnlyRecords(snapshot)) {
    decision = Refuse(Reason::kAuditUnavailable, recorded.error().message);
  }
  return StandingOf(decision, snapshot);
}

}  // namespace pullseal::gate
