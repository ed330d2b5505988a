// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEALD_POLICY_SOURCE_H_
#define PULLSEAL_PROGRAMS_PULLSEALD_POLICY_SOURCE_H_

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "gate/gate/decision.h"
#include "programs/pullseald/break_glass.h"
#include "programs/pullseald/folder_watch.h"
#include "reports/metrics/metrics.h"

namespace pullseal::policy {
struct Policy;
}  // namespace pullseal::policy

namespace pullseal::daemon {

// PolicySource holds the policy in force. A policy that cannot be read never replaces a good one. Thread-safe.
class PolicySource {
 public:
  // Told of each change: the policy now in force, or why what was found was refused.
  using Observer = std::function<void(const Result<gate::SnapshotPtr>& outcome)>;

  PolicySource(std::string path, std::optional<std::map<std::string, std::string>> node_labels,
               metrics::Metrics& metrics, const Clock& clock, Observer observer,
               const BreakGlass* break_glass = nullptr)
      : path_(std::move(path)),
        node_labels_(std::move(node_labels)),
        metrics_(metrics),
        clock_(clock),
        observer_(std::move(observer)),
        break_glass_(break_glass),
        watch_(std::filesystem::path(path_).parent_path().string()) {}

  // Reads the files and puts them in force, whole or not at all. Says what happened; where nothing is different from
  // the last time, only if `asked` for by an operator.
  Status Reload(bool asked = false);
  // Reloads if files changed and are quiet again, or were not read for long. Called again and again by one thread.
  void Follow();
  // Why the files found last were refused; empty if they were not.
  std::string Refused() const;
  // What decisions are made by: the policy that was read, in audit mode while break-glass is open; then there is one
  // even if none was read. Null otherwise until a policy was read.
  gate::SnapshotPtr Get() const;
  const std::optional<std::map<std::string, std::string>>& node_labels() const { return node_labels_; }
  // When the policy in force was read.
  WallTime LoadedAt() const;
  // The policy that was read; null until one was.
  gate::SnapshotPtr Loaded() const;

 private:
  void Publish(const policy::Policy& policy);

  const std::string path_;
  const std::optional<std::map<std::string, std::string>> node_labels_;
  metrics::Metrics& metrics_;
  const Clock& clock_;
  const Observer observer_;
  const BreakGlass* const break_glass_;
  mutable Mutex reloading_;                              // one reload at a time
  std::string refused_ PULLSEAL_GUARDED_BY(reloading_);  // why the last one was refused, empty if it was not
  FolderWatch watch_;                                    // of the thread that follows, as are the next two
  SteadyTime read_at_;
  std::optional<SteadyTime> changed_first_;
  mutable Mutex mutex_;
  gate::SnapshotPtr snapshot_ PULLSEAL_GUARDED_BY(mutex_);
  WallTime loaded_at_ PULLSEAL_GUARDED_BY(mutex_);
  mutable gate::SnapshotPtr opened_
      PULLSEAL_GUARDED_BY(mutex_);  // `snapshot_` in audit mode, null until that was asked for
};

}  // namespace pullseal::daemon

#endif  // PULLSEAL_PROGRAMS_PULLSEALD_POLICY_SOURCE_H_
