// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/background.h"

#include <exception>
#include <string>
#include <utility>

#include "core/base/log.h"

namespace pullseal::daemon {

Background::Background(std::chrono::milliseconds pause, Job job) {
  thread_ = std::thread([this, pause, job = std::move(job)] {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, pause, [this] { return stopping_.load(); })) {
      lock.unlock();
      try {
        job(stopping_);
      } catch (const std::exception& error) {  // no memory: tried again next time
        log::Failure(std::string("background job: ") + error.what());
      }
      lock.lock();
    }
  });
}

Background::~Background() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

}  // namespace pullseal::daemon
