#ifndef PULLSEAL_DAEMON_POLICY_SOURCE_H_
#define PULLSEAL_DAEMON_POLICY_SOURCE_H_

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "gate/decision.h"
#include "metrics/metrics.h"

namespace pullseal::daemon {

// PolicySource holds the policy in force. A policy that cannot be read never replaces a good one. Thread-safe.
class PolicySource {
 public:
  PolicySource(std::string path, std::optional<std::map<std::string, std::string>> node_labels,
               metrics::Metrics& metrics, const Clock& clock)
      : path_(std::move(path)), node_labels_(std::move(node_labels)), metrics_(metrics), clock_(clock) {}

  // Reads the file and puts it in force, whole or not at all. Logs what happened.
  Status Reload();
  // Null until a policy was read.
  gate::SnapshotPtr Get() const;

 private:
  void Publish(const policy::Policy& policy);

  const std::string path_;
  const std::optional<std::map<std::string, std::string>> node_labels_;
  metrics::Metrics& metrics_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  gate::SnapshotPtr snapshot_;  // guarded by mutex_
};

}  // namespace pullseal::daemon

#endif  // PULLSEAL_DAEMON_POLICY_SOURCE_H_
