// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_CLOCK_H_
#define PULLSEAL_CORE_BASE_CLOCK_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace pullseal {

using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

// Clock tells the time. Wall time judges validity windows, steady time measures and expires. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime Now() const = 0;
  virtual SteadyTime Steady() const = 0;
  // Blocks the calling thread until steady time has gone on by `time`.
  virtual void SleepFor(std::chrono::milliseconds time) const = 0;
};

// SystemClock is the machine's clock.
class SystemClock final : public Clock {
 public:
  WallTime Now() const override { return std::chrono::system_clock::now(); }
  SteadyTime Steady() const override { return std::chrono::steady_clock::now(); }
  void SleepFor(std::chrono::milliseconds time) const override;
};

// FormatTime writes RFC 3339 in UTC with microseconds: 2026-11-22T18:40:00.000000Z.
std::string FormatTime(WallTime time);

// ParseTime reads RFC 3339 in UTC ("Z" only, optional fraction up to nanoseconds), years 1970 to 2261. Absent for
// anything else.
std::optional<WallTime> ParseTime(std::string_view text);

// ParseDuration reads a positive count with a unit: 500ms, 30s, 10m, 24h. Absent for anything else.
std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text);

// ParseGoDuration reads a duration as Go programs write it (time.ParseDuration): 10m, 1h0m0s, 1.5s, 0. Absent for
// anything else, for negative ones, and beyond a year.
std::optional<std::chrono::milliseconds> ParseGoDuration(std::string_view text);

// ParseSize reads a positive count of bytes with an optional unit B, KiB, MiB or GiB. Absent for anything else.
std::optional<std::size_t> ParseSize(std::string_view text);

}  // namespace pullseal

#endif  // PULLSEAL_CORE_BASE_CLOCK_H_
