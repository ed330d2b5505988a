// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_BYTE_BUDGET_H_
#define PULLSEAL_IMAGE_REGISTRY_BYTE_BUDGET_H_

#include <cstddef>
#include <utility>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/base/result.h"

namespace pullseal::registry {

// ByteBudget bounds what all searches together hold in memory: bytes are taken before they are read and given back when
// nobody needs them. It must outlive what was taken of it. Thread-safe.
class ByteBudget {
 public:
  // Hold is a number of bytes taken; they are given back when it goes. Not thread-safe.
  class Hold {
   public:
    Hold() = default;
    Hold(ByteBudget& budget, std::size_t bytes) : budget_(&budget), bytes_(bytes) {}
    Hold(Hold&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Hold& operator=(Hold&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Hold() {
      if (budget_ != nullptr) budget_->GiveBack(bytes_);
    }
    std::size_t bytes() const { return bytes_; }
    // Takes over what `other` holds of the same budget.
    void Join(Hold other) {
      if (other.budget_ == nullptr) return;
      budget_ = std::exchange(other.budget_, nullptr);
      bytes_ += std::exchange(other.bytes_, 0);
    }

   private:
    ByteBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  explicit ByteBudget(std::size_t bytes) : free_(bytes), most_(bytes) {}

  // Waits for `bytes` until `deadline`, behind nobody: who needs less gets it first. kLimit if they did not come free.
  Result<Hold> Take(std::size_t bytes, SteadyTime deadline, const Clock& clock);

 private:
  void GiveBack(std::size_t bytes);
  Mutex mutex_;
  Condition freed_;
  std::size_t free_ PULLSEAL_GUARDED_BY(mutex_);
  const std::size_t most_;
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_BYTE_BUDGET_H_
