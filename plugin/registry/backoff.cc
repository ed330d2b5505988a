#include "registry/backoff.h"

#include <algorithm>
#include <random>

#include "base/limits.h"

namespace pullseal::registry {
namespace {

bool IsFailure(ErrorCode code) {
  return code == ErrorCode::kUnreachable || code == ErrorCode::kThrottled || code == ErrorCode::kRemote ||
         code == ErrorCode::kTimeout;
}

// Nodes that saw a registry fail together should not come back together.
std::chrono::milliseconds Jittered(std::chrono::milliseconds time) {
  thread_local std::minstd_rand random(std::random_device{}());
  return time * std::uniform_int_distribution<int>(80, 120)(random) / 100;
}

}  // namespace

std::optional<Error> Backoff::Resting(const std::string& host) {
  const std::lock_guard lock(mutex_);
  const auto found = hosts_.find(host);
  if (found == hosts_.end() || clock_.Steady() >= found->second.until) return std::nullopt;
  return found->second.error;
}

void Backoff::Succeeded(const std::string& host) {
  const std::lock_guard lock(mutex_);
  hosts_.erase(host);
}

void Backoff::Failed(const std::string& host, const Error& error) {
  if (!IsFailure(error.code)) return;
  const std::lock_guard lock(mutex_);
  if (hosts_.size() >= limits::kRestingHosts && !hosts_.contains(host)) hosts_.clear();
  Host& one = hosts_[host];
  one.failures = std::min(one.failures + 1, 16);
  one.error = error;
  if (one.failures < 2) return;
  const auto rest = std::min(limits::kRestMost, limits::kRestFirst * (1 << std::min(one.failures - 2, 8)));
  one.until = clock_.Steady() + Jittered(rest);
}

}  // namespace pullseal::registry
