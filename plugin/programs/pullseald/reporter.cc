// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/reporter.h"

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/mutex.h"
#include "gate/gate/snapshot.h"
#include "programs/pullseald/limits.h"

namespace pullseal::daemon {
namespace {

// Refusals logged a minute: enough to see what is wrong, too few to fill a disk. The audit log has them all.
constexpr int kLoggedPerMinute = 60;

audit::Record ToRecord(const gate::Event& event, const gate::Decision& decision, const gate::Snapshot* snapshot) {
  audit::Record record;
  record.action = event.action;
  record.outcome = std::string(gate::OutcomeText(decision, snapshot));
  record.reason = judge::Slug(decision.reason);
  record.message = std::string(gate::AdviceOf(decision));
  if (!decision.detail.empty()) record.message += " (" + decision.detail + ")";
  record.image = event.image;
  record.digest = decision.digest ? decision.digest->text() : "";
  record.image_id = event.image_id;
  record.rule = decision.rule;
  record.rule_labels = decision.labels;
  record.mode = std::string(gate::ModeText(decision, snapshot));
  if (snapshot != nullptr) {
    record.policy_name = snapshot->policy.name;
    record.policy_version = snapshot->policy.version;
    record.policy_sha256 = snapshot->policy.sha256;
  }
  record.signers = decision.signers;
  record.issuers = decision.issuers;
  record.evidence = decision.evidence;
  record.attestations = decision.attestations;
  record.pod_namespace = event.pod_namespace;
  record.pod = event.pod;
  record.pod_uid = event.pod_uid;
  record.container = event.container;
  record.cache = gate::Text(decision.cache);
  record.duration_us = event.duration.count();
  return record;
}

}  // namespace

Status Reports::Report(const gate::Event& event, const gate::Decision& decision, const gate::Snapshot* snapshot) {
  audit::Record record = ToRecord(event, decision, snapshot);
  record.time = clock_.Now();
  {
    const MutexLock lock(mutex_);
    ++counts_[record.outcome];
    if (event.action == "canary") {
      canaries_.emplace_back(event.image, record.outcome + " " + record.reason);
      if (canaries_.size() > limits::kCanaries) canaries_.pop_front();
    }
  }
  const std::string cache(gate::Text(decision.cache));
  metrics::Labels labels = {{"action", event.action},
                            {"outcome", record.outcome},
                            {"reason", record.reason},
                            {"mode", record.mode},
                            {"namespace", metrics_.BoundedNamespace(event.pod_namespace)}};
  for (const std::string& name : options_.rule_labels) {
    const auto found = decision.labels.find(name);
    labels.emplace_back("rule_" + name, found != decision.labels.end() ? found->second : "");
  }
  metrics_.Add("pullseal_decisions_total", labels);
  metrics_.Time("pullseal_decision_seconds", {{"action", event.action}, {"cache", cache}},
                static_cast<double>(event.duration.count()) / 1e6);
  if (!cache.empty()) metrics_.Add("pullseal_cache_total", {{"result", cache}});
  if (decision.outcome() != gate::Outcome::kAllow && event.action != "canary") Log(event, decision, record.outcome);
  Status written = audit_.Append(record);
  if (!written) {
    metrics_.Add("pullseal_audit_write_errors_total", {});
    log::Failure(written.error().message);
    if (options_.allow_unrecorded) return {};
  }
  return written;
}

void Reports::UnknownFields() { metrics_.Add("pullseal_unknown_fields_total", {}); }

std::map<std::string, std::int64_t> Reports::Counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

std::string Reports::CanaryOutcome(const std::string& image) const {
  const MutexLock lock(mutex_);
  for (const auto& [name, outcome] : canaries_) {
    if (name == image) return outcome;
  }
  return {};
}

void Reports::Log(const gate::Event& event, const gate::Decision& decision, const std::string& outcome) {
  {
    const MutexLock lock(mutex_);
    const SteadyTime now = clock_.Steady();
    if (now - window_ > std::chrono::minutes(1)) {
      window_ = now;
      logged_in_window_ = 0;
    }
    if (++logged_in_window_ > kLoggedPerMinute) return;
  }
  log::Info(outcome + " " + event.action + " " + Printable(event.image, 300) + " namespace=" +
            Printable(event.pod_namespace, 80) + " pod=" + Printable(event.pod, 80) + " rule=" + decision.rule + " " +
            std::string(judge::Slug(decision.reason)) + ": " + Printable(decision.detail, 400));
}

}  // namespace pullseal::daemon
