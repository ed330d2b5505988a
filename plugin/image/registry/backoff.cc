// SPDX-License-Identifier: Apache-2.0
#include "image/registry/backoff.h"

#include <algorithm>
#include <random>

#include "core/base/mutex.h"
#include "core/http/limits.h"
#include "image/registry/limits.h"

namespace pullseal::registry {
namespace {

bool IsFailure(ErrorCode code) {
  return code == ErrorCode::kUnreachable || code == ErrorCode::kThrottled || code == ErrorCode::kRemote ||
         code == ErrorCode::kTimeout;
}

}  // namespace

std::chrono::milliseconds Jittered(std::chrono::milliseconds time) {
  thread_local std::minstd_rand random(std::random_device{}());
  return time * std::uniform_int_distribution<int>(100, 125)(random) / 100;
}

std::optional<Backoff::Rest> Backoff::Resting(const std::string& host) {
  const MutexLock lock(mutex_);
  const auto found = hosts_.find(host);
  if (found == hosts_.end() || clock_.Steady() >= found->second.until) return std::nullopt;
  return Rest{found->second.error,
              std::chrono::duration_cast<std::chrono::milliseconds>(found->second.until - clock_.Steady())};
}

void Backoff::Succeeded(const std::string& host) {
  const MutexLock lock(mutex_);
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return;
  // An answer to what was asked before does not take back that we were told to wait.
  const bool told = found->second.error.code == ErrorCode::kThrottled && clock_.Steady() < found->second.until;
  if (!told) hosts_.erase(found);
}

void Backoff::Failed(const std::string& host, const Error& error, std::optional<std::chrono::milliseconds> asked) {
  if (!IsFailure(error.code)) return;
  const MutexLock lock(mutex_);
  if (hosts_.size() >= limits::kRestingHosts && !hosts_.contains(host)) hosts_.clear();
  Host& one = hosts_[host];
  one.failures = std::min(one.failures + 1, 16);
  one.error = error;
  if (asked) {
    one.until =
        std::max(one.until, clock_.Steady() + std::min<std::chrono::milliseconds>(*asked, limits::kRetryAfterMost));
    return;
  }
  if (one.failures < 2) return;
  const auto rest = std::min(limits::kRestMost, limits::kRestFirst * (1 << std::min(one.failures - 2, 8)));
  one.until = clock_.Steady() + Jittered(rest);
}

Result<Slots::Slot> Slots::Take(const std::string& host, SteadyTime deadline, const Clock& clock) {
  MutexLock lock(mutex_);
  while (taken_[host] >= limits::kRequestsPerHost) {
    const auto left = deadline - clock.Steady();
    if (left <= SteadyTime::duration::zero()) {
      return Error{ErrorCode::kTimeout, "waiting for other requests to " + host};
    }
    left_.WaitFor(lock, left);
  }
  ++taken_[host];
  return Slot(*this, host);
}

void Slots::Leave(const std::string& host) {
  {
    const MutexLock lock(mutex_);
    if (--taken_[host] == 0) taken_.erase(host);
  }
  left_.NotifyAll();
}

}  // namespace pullseal::registry
