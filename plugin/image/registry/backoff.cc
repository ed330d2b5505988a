// SPDX-License-Identifier: Apache-2.0
#include "image/registry/backoff.h"

#include <algorithm>
#include <random>

#include "core/base/mutex.h"
#include "core/http/limits.h"
#include "image/registry/limits.h"

namespace pullseal::registry {
namespace {

using std::chrono::milliseconds;

std::string KeyOf(const Asker& asker) { return asker.quota + " " + asker.repository + " " + asker.credential; }

// The last two labels of a host's name, or its address: whose it most likely is.
std::string DomainOf(const std::string& host) {
  const std::size_t colon = host.rfind(':');
  const std::string name = host.substr(0, colon);
  if (name.find_first_not_of("0123456789.") == std::string::npos || name.starts_with('[')) return name;
  const std::size_t last = name.rfind('.');
  if (last == std::string::npos || last == 0) return name;
  const std::size_t before = name.rfind('.', last - 1);
  return before == std::string::npos ? name : name.substr(before + 1);
}

}  // namespace

std::chrono::milliseconds Jittered(std::chrono::milliseconds time) {
  thread_local std::minstd_rand random(std::random_device{}());
  return time * std::uniform_int_distribution<int>(100, 125)(random) / 100;
}

std::optional<Backoff::Rest> Backoff::Left(const Entry& entry) const {
  const SteadyTime now = clock_.Steady();
  if (now >= entry.until) return std::nullopt;
  return Rest{entry.error, std::chrono::duration_cast<milliseconds>(entry.until - now)};
}

// Whether so many fail at `host`, and nobody succeeds, that one who comes new to it waits for its turn.
std::optional<Backoff::Rest> Backoff::AmongMany(const Asker& asker, Host& host) const {
  const SteadyTime now = clock_.Steady();
  const auto fails = [&](const auto& one) {
    return one.second.last > host.succeeded && now - one.second.last < limits::kRestMost;
  };
  const auto count = std::count_if(host.askers.begin(), host.askers.end(), fails);
  if (static_cast<std::size_t>(count) < limits::kFailingAskers) return std::nullopt;
  const std::string part = asker.repository.substr(0, asker.repository.find('/'));
  const auto probed = host.probes.Find(part);
  if (!probed || now - *probed >= limits::kRestFirst) {
    host.probes.Put(part, now);
    return std::nullopt;
  }
  const auto one = std::find_if(host.askers.begin(), host.askers.end(), fails);
  const Error error{one->second.error.code, "registry " + asker.host + " fails for everybody"};
  return Rest{error, std::chrono::duration_cast<milliseconds>(limits::kRestFirst - (now - *probed))};
}

std::optional<Backoff::Rest> Backoff::Resting(const Asker& asker) {
  const MutexLock lock(mutex_);
  const auto host = hosts_.find(asker.host);
  if (host == hosts_.end()) return std::nullopt;
  host->second.used = clock_.Steady();
  if (auto rest = Left(host->second.whole)) return rest;
  const auto own = host->second.askers.find(KeyOf(asker));
  if (own != host->second.askers.end()) return Left(own->second);
  return AmongMany(asker, host->second);
}

void Backoff::Succeeded(const Asker& asker) {
  const MutexLock lock(mutex_);
  const auto found = hosts_.find(asker.host);
  if (found == hosts_.end()) return;
  Host& host = found->second;
  host.succeeded = clock_.Steady();
  host.whole = Entry{};
  const auto own = host.askers.find(KeyOf(asker));
  // An answer to what was asked before does not take back that we were told to wait.
  const bool told = own != host.askers.end() && own->second.error.code == ErrorCode::kThrottled && Left(own->second);
  if (own != host.askers.end() && !told) host.askers.erase(own);
  if (host.askers.empty()) hosts_.erase(found);
}

// The host's record; another's goes for it where there is no room: one that has no rest left, else the one that was
// used longest ago among those of the domain that has most.
Backoff::Host& Backoff::Remember(const std::string& host) {
  if (const auto found = hosts_.find(host); found != hosts_.end() || hosts_.size() < limits::kTroubledHosts) {
    hosts_[host].used = clock_.Steady();
    return hosts_[host];
  }
  std::map<std::string, std::size_t> sizes;
  for (const auto& [name, one] : hosts_) ++sizes[DomainOf(name)];
  const auto rests = [&](const Host& one) {
    return Left(one.whole) ||
           std::any_of(one.askers.begin(), one.askers.end(), [&](const auto& entry) { return Left(entry.second); });
  };
  const auto goes_before = [&](const auto& a, const auto& b) {
    const bool a_rests = rests(a.second);
    const bool b_rests = rests(b.second);
    if (a_rests != b_rests) return b_rests;
    const std::size_t a_size = sizes[DomainOf(a.first)];
    const std::size_t b_size = sizes[DomainOf(b.first)];
    return a_size != b_size ? a_size > b_size : a.second.used < b.second.used;
  };
  hosts_.erase(std::min_element(hosts_.begin(), hosts_.end(), goes_before));
  hosts_[host].used = clock_.Steady();
  return hosts_[host];
}

void Backoff::Note(Entry& entry, const Error& error, std::optional<milliseconds> asked) const {
  const SteadyTime now = clock_.Steady();
  entry.failures = std::min(entry.failures + 1, 16);
  entry.error = error;
  entry.last = now;
  if (asked) {
    entry.until = std::max(entry.until, now + std::min<milliseconds>(*asked, limits::kRetryAfterMost));
    return;
  }
  if (entry.failures < 2) return;
  const auto rest = std::min(limits::kRestMost, limits::kRestFirst * (1 << std::min(entry.failures - 2, 8)));
  entry.until = std::max(entry.until, now + Jittered(rest));
}

void Backoff::Failed(const Asker& asker, const Error& error, std::optional<milliseconds> asked) {
  const MutexLock lock(mutex_);
  auto& askers = Remember(asker.host).askers;
  const std::string key = KeyOf(asker);
  if (askers.size() >= limits::kRestingAskers && !askers.contains(key)) {
    // The one whose rest is over first.
    askers.erase(std::min_element(askers.begin(), askers.end(),
                                  [](const auto& a, const auto& b) { return a.second.until < b.second.until; }));
  }
  Note(askers[key], error, asked);
}

void Backoff::Unreachable(const Asker& asker, const Error& error) {
  const MutexLock lock(mutex_);
  Note(Remember(asker.host).whole, Error{error.code, "registry " + asker.host + " cannot be reached"}, std::nullopt);
}

std::size_t Backoff::hosts() const {
  const MutexLock lock(mutex_);
  return hosts_.size();
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
