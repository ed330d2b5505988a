// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_BACKOFF_H_
#define PULLSEAL_IMAGE_REGISTRY_BACKOFF_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/base/result.h"

namespace pullseal::registry {

// Backoff keeps a node from hammering a registry that is down or asks for less: after two failures in a row a host is
// left alone for a while that grows with each further failure, and after a Retry-After for as long as it says.
// Questions about it get its last error at once, or wait. Any definite answer of the host ends that. Thread-safe.
class Backoff {
 public:
  struct Rest {
    Error error;                     // of the last failure
    std::chrono::milliseconds left;  // until the host may be asked again
  };

  explicit Backoff(const Clock& clock) : clock_(clock) {}

  // Absent if `host` may be asked.
  std::optional<Rest> Resting(const std::string& host);
  // Notes what came of asking; kUnreachable, kThrottled, kRemote and kTimeout are failures. `asked` is its Retry-After.
  void Succeeded(const std::string& host);
  void Failed(const std::string& host, const Error& error, std::optional<std::chrono::milliseconds> asked = {});

 private:
  struct Host {
    int failures = 0;
    SteadyTime until;
    Error error;
  };
  const Clock& clock_;
  Mutex mutex_;
  std::map<std::string, Host> hosts_ PULLSEAL_GUARDED_BY(mutex_);
};

// Jittered returns `time` with up to a quarter more by chance: those who were told the same time should not come back
// together.
std::chrono::milliseconds Jittered(std::chrono::milliseconds time);

// Slots bounds the requests that are under way at one host. Thread-safe.
class Slots {
 public:
  // Slot gives its place back when it goes.
  class Slot {
   public:
    Slot(Slots& slots, std::string host) : slots_(&slots), host_(std::move(host)) {}
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)), host_(std::move(other.host_)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (slots_ != nullptr) slots_->Leave(host_);
    }

   private:
    Slots* slots_;
    std::string host_;
  };

  // kTimeout if no place came free until `deadline`.
  Result<Slot> Take(const std::string& host, SteadyTime deadline, const Clock& clock);

 private:
  void Leave(const std::string& host);
  Mutex mutex_;
  Condition left_;
  std::map<std::string, std::size_t> taken_ PULLSEAL_GUARDED_BY(mutex_);  // only hosts that are being asked
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_BACKOFF_H_
