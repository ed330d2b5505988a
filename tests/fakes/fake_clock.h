// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_FAKE_CLOCK_H_
#define PULLSEAL_FAKES_FAKE_CLOCK_H_

#include <atomic>
#include <chrono>

#include "core/base/clock.h"

namespace pullseal::fakes {

// FakeClock stands still until it is moved, or somebody sleeps. Both times move together; wall time can be set apart.
class FakeClock final : public Clock {
 public:
  WallTime Now() const override { return wall_; }
  SteadyTime Steady() const override { return steady_; }
  // Nobody waits: time goes on at once.
  void SleepFor(std::chrono::milliseconds time) const override {
    wall_ = wall_.load() + time;
    steady_ = steady_.load() + time;
  }
  void Advance(std::chrono::milliseconds by) {
    wall_ = wall_.load() + by;
    steady_ = steady_.load() + by;
  }
  void SetWall(WallTime time) { wall_ = time; }

 private:
  mutable std::atomic<WallTime> wall_{*ParseTime("2026-11-22T12:00:00Z")};
  mutable std::atomic<SteadyTime> steady_{SteadyTime{} + std::chrono::hours(1000)};
};

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_FAKE_CLOCK_H_
