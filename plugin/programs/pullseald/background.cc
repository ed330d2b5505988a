// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/background.h"

#include <exception>
#include <string>
#include <utility>

#include "core/base/log.h"
#include "core/base/mutex.h"

namespace pullseal::daemon {

Background::Background(std::chrono::milliseconds pause, Job job) {
  thread_ = std::thread([this, pause, job = std::move(job)] {
    MutexLock lock(mutex_);
    while (true) {
      const auto next = std::chrono::steady_clock::now() + pause;
      while (!stopping_ && wake_.WaitUntil(lock, next)) {
      }
      if (stopping_) return;
      lock.Unlock();
      try {
        job(stopping_);
      } catch (const std::exception& error) {  // no memory: tried again next time
        log::Failure(std::string("background job: ") + error.what());
      }
      lock.Lock();
    }
  });
}

Background::~Background() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  thread_.join();
}

}  // namespace pullseal::daemon
