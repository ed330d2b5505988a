// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_SINGLE_FLIGHT_H_
#define PULLSEAL_CORE_BASE_SINGLE_FLIGHT_H_

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/mutex.h"

namespace pullseal {

// SingleFlight lets one caller at a time do a piece of work; those who come for the same key meanwhile wait for its
// result. Nothing is kept afterwards. Thread-safe.
template <typename Value>
class SingleFlight {
 public:
  struct Landed {
    Value value;
    bool shared = false;  // another caller did the work
  };

  // Absent if the work of another was not done by `deadline`, or ended by an exception.
  template <typename Work>
  std::optional<Landed> Do(const std::string& key, SteadyTime deadline, const Clock& clock, const Work& work) {
    MutexLock lock(mutex_);
    if (const auto found = flights_.find(key); found != flights_.end()) {
      const std::shared_ptr<Flight> flight = found->second;
      while (!flight->value) {
        if (flight->broken) return std::nullopt;
        const auto left = deadline - clock.Steady();
        if (left <= SteadyTime::duration::zero()) return std::nullopt;
        landed_.WaitFor(lock, left);
      }
      return Landed{*flight->value, true};
    }
    const auto flight = std::make_shared<Flight>();
    flights_[key] = flight;
    lock.Unlock();
    try {
      Value value = work();
      Land(key, *flight, value);
      return Landed{std::move(value), false};
    } catch (...) {
      Land(key, *flight, std::nullopt);
      throw;
    }
  }

 private:
  struct Flight {
    std::optional<Value> value;
    bool broken = false;
  };

  void Land(const std::string& key, Flight& flight, std::optional<Value> value) {
    const MutexLock lock(mutex_);
    flight.broken = !value;
    flight.value = std::move(value);
    flights_.erase(key);
    landed_.NotifyAll();
  }
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Flight>> flights_ PULLSEAL_GUARDED_BY(mutex_);
  Condition landed_;
};

}  // namespace pullseal

#endif  // PULLSEAL_CORE_BASE_SINGLE_FLIGHT_H_
