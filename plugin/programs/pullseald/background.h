// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEALD_BACKGROUND_H_
#define PULLSEAL_PROGRAMS_PULLSEALD_BACKGROUND_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "core/base/mutex.h"

namespace pullseal::daemon {

// Background does one job again and again on a thread of its own, until the object goes. The job is told by a flag that
// it should end soon.
class Background {
 public:
  using Job = std::function<void(const std::atomic<bool>& stopping)>;
  // Runs `job` each `pause` after it last ended, the first time after one pause.
  Background(std::chrono::milliseconds pause, Job job);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  std::atomic<bool> stopping_{false};
  Mutex mutex_;
  Condition wake_;
  std::thread thread_;
};

}  // namespace pullseal::daemon

#endif  // PULLSEAL_PROGRAMS_PULLSEALD_BACKGROUND_H_
