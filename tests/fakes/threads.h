// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_THREADS_H_
#define PULLSEAL_FAKES_THREADS_H_

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/base/mutex.h"

namespace pullseal::fakes {

// Threads knows the threads of a test and sees when all of them wait, so that no test has to guess how long a busy
// machine needs until they do. Thread-safe.
class Threads {
 public:
  // Called by each thread of the test, before what it may wait in.
  void Enter() {
    const MutexLock lock(mutex_);
    ids_.push_back(::gettid());
  }

  // Waits until `count` threads have entered and all but the caller are asleep: in a lock, a wait or a system call.
  // False if that takes longer than a minute.
  bool AwaitAsleep(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    {
      const MutexLock lock(mutex_);
      waiting_.insert(::gettid());
    }
    bool asleep = false;
    while (!(asleep = AreAsleep(count)) && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    const MutexLock lock(mutex_);
    waiting_.erase(::gettid());
    return asleep;
  }

 private:
  bool AreAsleep(std::size_t count) {
    const MutexLock lock(mutex_);
    if (ids_.size() < count) return false;
    for (const pid_t id : ids_) {
      if (!waiting_.contains(id) && !IsAsleep(id)) return false;
    }
    return true;
  }
  // The state stands behind the name in parentheses (proc(5), /proc/PID/stat); a thread that has ended counts as
  // asleep.
  static bool IsAsleep(pid_t id) {
    std::ifstream file("/proc/self/task/" + std::to_string(id) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return true;
    const std::size_t end = line.rfind(") ");
    return end != std::string::npos && end + 2 < line.size() && line[end + 2] != 'R';
  }

  Mutex mutex_;
  std::vector<pid_t> ids_ PULLSEAL_GUARDED_BY(mutex_);
  std::set<pid_t> waiting_ PULLSEAL_GUARDED_BY(mutex_);  // those in AwaitAsleep
};

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_THREADS_H_
