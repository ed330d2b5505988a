// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_WORKER_POOL_H_
#define PULLSEAL_ADAPTERS_RELAY_WORKER_POOL_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "adapters/relay/method.h"
#include "core/base/mutex.h"

namespace pullseal::relay {

// WorkerPool runs tasks on a fixed number of threads. Tasks must not throw.
class WorkerPool {
 public:
  // `queue` bounds the tasks that wait.
  WorkerPool(std::size_t threads, std::size_t queue);
  ~WorkerPool();  // finishes what runs, drops what waits

  // Puts a task in its queue; false if no more may wait.
  bool Submit(std::function<void()> task, Turn turn);

 private:
  using Queue = std::deque<std::function<void()>>;
  void Run();
  // The queue whose first task runs next; null if none may.
  Queue* Next() PULLSEAL_REQUIRES(mutex_);

  const std::size_t most_;
  const std::size_t most_pulls_;
  Mutex mutex_;
  Condition ready_;
  Queue first_ PULLSEAL_GUARDED_BY(mutex_);
  Queue usual_ PULLSEAL_GUARDED_BY(mutex_);
  Queue pulls_ PULLSEAL_GUARDED_BY(mutex_);
  std::size_t running_pulls_ PULLSEAL_GUARDED_BY(mutex_) = 0;
  bool stopping_ PULLSEAL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace pullseal::relay

#endif  // PULLSEAL_ADAPTERS_RELAY_WORKER_POOL_H_
