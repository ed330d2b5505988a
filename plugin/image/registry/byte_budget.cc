// SPDX-License-Identifier: Apache-2.0
#include "image/registry/byte_budget.h"

#include <string>

namespace pullseal::registry {

Result<ByteBudget::Hold> ByteBudget::Take(std::size_t bytes, SteadyTime deadline, const Clock& clock) {
  const Error none{ErrorCode::kLimit, "no room for " + std::to_string(bytes) +
                                          " bytes: too much is being read from registries on this node"};
  if (bytes > most_) return none;
  const auto end = std::chrono::steady_clock::now() + (deadline - clock.Steady());
  MutexLock lock(mutex_);
  while (bytes > free_) {
    if (!freed_.WaitUntil(lock, end) && bytes > free_) return none;
  }
  free_ -= bytes;
  return Hold(*this, bytes);
}

void ByteBudget::GiveBack(std::size_t bytes) {
  const MutexLock lock(mutex_);
  free_ += bytes;
  freed_.NotifyAll();
}

}  // namespace pullseal::registry
