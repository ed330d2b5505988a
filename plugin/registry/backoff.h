#ifndef PULLSEAL_REGISTRY_BACKOFF_H_
#define PULLSEAL_REGISTRY_BACKOFF_H_

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace pullseal::registry {

// Backoff keeps a node from hammering a registry that is down or asks for less: after two failures in a row a host is
// left alone for a while that grows with each further failure, and questions about it get its last error at once. Any
// definite answer of the host ends that. Thread-safe.
class Backoff {
 public:
  explicit Backoff(const Clock& clock) : clock_(clock) {}

  // The error to answer with instead of asking `host`; absent if it may be asked.
  std::optional<Error> Resting(const std::string& host);
  // Notes what came of asking; kUnreachable, kThrottled, kRemote and kTimeout are failures.
  void Succeeded(const std::string& host);
  void Failed(const std::string& host, const Error& error);

 private:
  struct Host {
    int failures = 0;
    SteadyTime until;
    Error error;
  };
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Host> hosts_;  // guarded by mutex_
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_REGISTRY_BACKOFF_H_
