// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/errands.h"

#include <utility>

#include "gate/gate/limits.h"

namespace pullseal::gate {

void Errands::Put(Errand errand) {
  const MutexLock lock(mutex_);
  if (put_.Find(errand.key)) return;
  const auto of_one = waiting_.find(errand.user);
  const bool full = of_one != waiting_.end() && of_one->second.size() >= limits::kErrandsOfOne;
  if (full || count_ >= limits::kErrands) return;
  put_.Put(errand.key, true);
  ++count_;
  waiting_[errand.user].push_back(std::move(errand));
}

std::optional<Errand> Errands::Take() {
  const MutexLock lock(mutex_);
  auto next = waiting_.upper_bound(last_);
  if (next == waiting_.end()) next = waiting_.begin();
  if (next == waiting_.end()) return std::nullopt;
  last_ = next->first;
  Errand out = std::move(next->second.front());
  next->second.pop_front();
  if (next->second.empty()) waiting_.erase(next);
  --count_;
  return out;
}

void Errands::Failed(const std::string& key) {
  const MutexLock lock(mutex_);
  put_.Erase(key);
}

void Errands::Clear() {
  const MutexLock lock(mutex_);
  waiting_.clear();
  count_ = 0;
  put_.Clear();
}

}  // namespace pullseal::gate
