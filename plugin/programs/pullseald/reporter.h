// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEALD_REPORTER_H_
#define PULLSEAL_PROGRAMS_PULLSEALD_REPORTER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "gate/gate/report.h"
#include "reports/audit/audit_log.h"
#include "reports/metrics/metrics.h"

namespace pullseal::daemon {

struct ReportOptions {
  std::vector<std::string> rule_labels;  // labels of rules that are told in pullseal_decisions_total, as rule_NAME
  bool allow_unrecorded = false;         // a decision that cannot be recorded stands all the same
};

// Reports sends each decision to the audit log, the metrics and, rate-limited, the daemon's own log. Thread-safe.
class Reports final : public gate::Reporter {
 public:
  Reports(audit::AuditLog& audit, metrics::Metrics& metrics, const Clock& clock, ReportOptions options)
      : audit_(audit), metrics_(metrics), clock_(clock), options_(std::move(options)) {}

  Status Report(const gate::Event& event, const gate::Decision& decision, const gate::Snapshot* snapshot) override;
  void UnknownFields() override;
  // Decisions so far, by outcome.
  std::map<std::string, std::int64_t> Counts() const;
  // What became of the canary `image`: "deny signature-invalid", or empty if none of that name came lately.
  std::string CanaryOutcome(const std::string& image) const;

 private:
  void Log(const gate::Event& event, const gate::Decision& decision, const std::string& outcome);

  audit::AuditLog& audit_;
  metrics::Metrics& metrics_;
  const Clock& clock_;
  const ReportOptions options_;
  mutable Mutex mutex_;
  SteadyTime window_ PULLSEAL_GUARDED_BY(mutex_);
  int logged_in_window_ PULLSEAL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::int64_t> counts_ PULLSEAL_GUARDED_BY(mutex_);
  std::deque<std::pair<std::string, std::string>> canaries_
      PULLSEAL_GUARDED_BY(mutex_);  // the last ones and their outcome
};

}  // namespace pullseal::daemon

#endif  // PULLSEAL_PROGRAMS_PULLSEALD_REPORTER_H_
