// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_MUTEX_H_
#define PULLSEAL_CORE_BASE_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "core/base/thread_annotations.h"

namespace pullseal {

// Mutex is a std::mutex that clang knows by name: what is PULLSEAL_GUARDED_BY it is read and written only where it is
// held, or the build fails.
class PULLSEAL_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// MutexLock holds a Mutex from its making to its end, but for what lies between Unlock and Lock.
class PULLSEAL_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) PULLSEAL_ACQUIRE(mutex) : lock_(mutex.mutex_) {}
  ~MutexLock() PULLSEAL_RELEASE() {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Unlock() PULLSEAL_RELEASE() { lock_.unlock(); }
  void Lock() PULLSEAL_ACQUIRE() { lock_.lock(); }

 private:
  friend class Condition;
  std::unique_lock<std::mutex> lock_;
};

// Condition is what a thread that holds a MutexLock waits for. It can wake for nothing: callers wait in a loop that
// looks at what they wait for, which also lets clang see that they look with the lock held.
class Condition {
 public:
  void Wait(MutexLock& lock) { condition_.wait(lock.lock_); }
  // False once the time is over.
  template <typename Duration>
  bool WaitFor(MutexLock& lock, const Duration& most) {
    return condition_.wait_for(lock.lock_, most) == std::cv_status::no_timeout;
  }
  bool WaitUntil(MutexLock& lock, std::chrono::steady_clock::time_point end) {
    return condition_.wait_until(lock.lock_, end) == std::cv_status::no_timeout;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace pullseal

#endif  // PULLSEAL_CORE_BASE_MUTEX_H_
