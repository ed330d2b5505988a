// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/policy_source.h"

#include <utility>

#include "core/base/log.h"
#include "core/base/mutex.h"
#include "gate/gate/snapshot.h"
#include "policy/file/load.h"
#include "programs/pullseald/limits.h"

namespace pullseal::daemon {
namespace {

double Seconds(WallTime time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

}  // namespace

Status PolicySource::Reload(bool asked) {
  const MutexLock one_at_a_time(reloading_);
  auto policy = policy::LoadPolicy(path_);
  const gate::SnapshotPtr before = Loaded();
  if (!policy) {
    if (policy.error().message == refused_ && !asked) return policy.error();
    refused_ = policy.error().message;
    metrics_.Add("pullseal_policy_reload_errors_total", {});
    log::Warn("policy refused: " + refused_ +
              (before != nullptr ? "; the policy in force is kept" : "; judged calls are refused until there is one"));
    observer_(policy.error());
    return policy.error();
  }
  refused_.clear();
  if (before != nullptr && before->policy.fingerprint == policy->fingerprint) {
    if (asked) log::Info("policy read again: it is the one in force");
    return {};
  }
  Publish(*policy);
  auto snapshot = std::make_shared<const gate::Snapshot>(gate::Snapshot{std::move(*policy), node_labels_});
  {
    const MutexLock lock(mutex_);
    snapshot_ = snapshot;
    opened_ = nullptr;
    loaded_at_ = clock_.Now();
  }
  // Said only now: what is told to be in force is.
  const policy::Policy& now = snapshot->policy;
  for (const std::string& warning : policy::Warnings(now, clock_.Now())) log::Warn("policy: " + warning);
  log::Info("policy " + now.name + " version " + now.version + " in force, mode " +
            std::string(policy::Text(now.mode)) + ", " + std::to_string(now.rules.size()) + " rules, sha256 " +
            now.sha256);
  observer_(snapshot);
  return {};
}

void PolicySource::Follow() {
  const SteadyTime now = clock_.Steady();
  const bool changed = watch_.Changed();
  if (changed && !changed_first_) changed_first_ = now;
  const bool settled = changed_first_ && (!changed || now - *changed_first_ > limits::kPolicySettleMost);
  if (!settled && (changed_first_ || now - read_at_ < limits::kPolicyPoll)) return;
  changed_first_.reset();
  read_at_ = now;
  (void)Reload();
}

void PolicySource::Publish(const policy::Policy& policy) {
  for (const char* name : {"pullseal_policy_info", "pullseal_key_expiry_timestamp_seconds",
                           "pullseal_exception_expiry_timestamp_seconds"}) {
    metrics_.Clear(name);
  }
  metrics_.Set("pullseal_policy_info", {{"name", policy.name}, {"version", policy.version}, {"sha256", policy.sha256}},
               1);
  metrics_.Set("pullseal_policy_loaded_timestamp_seconds", {}, Seconds(clock_.Now()));
  for (const requirement::Key& key : policy.keys) {
    if (const auto& end = key.use().not_after)
      metrics_.Set("pullseal_key_expiry_timestamp_seconds", {{"key", key.name()}}, Seconds(*end));
  }
  for (const policy::Exception& one : policy.exceptions) {
    metrics_.Set("pullseal_exception_expiry_timestamp_seconds", {{"exception", one.name}}, Seconds(one.until));
  }
}

std::string PolicySource::Refused() const {
  const MutexLock lock(reloading_);
  return refused_;
}

gate::SnapshotPtr PolicySource::Get() const {
  const bool open = break_glass_ != nullptr && break_glass_->Active();
  const MutexLock lock(mutex_);
  if (!open) return snapshot_;
  if (opened_ == nullptr) {
    auto copy = snapshot_ != nullptr ? std::make_shared<gate::Snapshot>(*snapshot_)
                                     : std::make_shared<gate::Snapshot>(gate::Snapshot{policy::Policy(), node_labels_});
    copy->policy.mode = policy::Mode::kAudit;
    copy->break_glass = true;
    opened_ = std::move(copy);
  }
  return opened_;
}

WallTime PolicySource::LoadedAt() const {
  const MutexLock lock(mutex_);
  return loaded_at_;
}

gate::SnapshotPtr PolicySource::Loaded() const {
  const MutexLock lock(mutex_);
  return snapshot_;
}

}  // namespace pullseal::daemon
