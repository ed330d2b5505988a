// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_BACKOFF_H_
#define PULLSEAL_IMAGE_REGISTRY_BACKOFF_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/base/clock.h"
#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "image/registry/limits.h"

namespace pullseal::registry {

// Asker is on whose account a registry is asked for something: trouble of one is not that of another.
struct Asker {
  std::string host;        // with its port
  std::string quota;       // what the registry counts apart, such as "referrers"; empty: everything else
  std::string repository;  // its path
  std::string credential;  // Credentials::Fingerprint
};

// Backoff keeps a node from hammering what is down or asks for less. Trouble has an address: after two failures in a
// row one asker is left alone for a while that grows with each further failure, and after a Retry-After for as long as
// it says. Questions get the last error at once, or wait. A host as a whole rests only when no connection to it can be
// made; and while limits::kFailingAskers or more fail there and none succeeds, those that come new to it are let
// through one each limits::kRestFirst for each first part of a repository's path. Any definite answer ends what it is
// of. What is remembered is bounded for each host and, over all, for each domain, so that nobody's failures push out
// those of others: the largest domain loses first. Thread-safe.
class Backoff {
 public:
  struct Rest {
    Error error;                     // of the last failure; of somebody else's without what was asked
    std::chrono::milliseconds left;  // until it may be asked again
  };

  explicit Backoff(const Clock& clock) : clock_(clock) {}

  // Absent if `asker` may ask.
  std::optional<Rest> Resting(const Asker& asker);
  // A definite answer came, whatever it says.
  void Succeeded(const Asker& asker);
  // A failure that may pass: a time-out, 408, 429 or 5xx. `asked` is its Retry-After.
  void Failed(const Asker& asker, const Error& error, std::optional<std::chrono::milliseconds> asked = {});
  // No connection to the host could be made.
  void Unreachable(const Asker& asker, const Error& error);

  std::size_t hosts() const;  // remembered now

 private:
  struct Entry {
    int failures = 0;
    SteadyTime until;  // it rests until then
    SteadyTime last;   // when it failed last
    Error error;
  };
  struct Host {
    Entry whole;
    std::map<std::string, Entry> askers;  // by all but the host
    SteadyTime succeeded;
    LruMap<SteadyTime> probes{limits::kProbedPaths};  // when one was let through, by the path's first part
    SteadyTime used;
  };
  void Note(Entry& entry, const Error& error, std::optional<std::chrono::milliseconds> asked) const;
  std::optional<Rest> Left(const Entry& entry) const;
  std::optional<Rest> AmongMany(const Asker& asker, Host& host) const;
  Host& Remember(const std::string& host) PULLSEAL_REQUIRES(mutex_);

  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<std::string, Host> hosts_ PULLSEAL_GUARDED_BY(mutex_);  // at most limits::kTroubledHosts
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
