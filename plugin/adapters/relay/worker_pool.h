// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_WORKER_POOL_H_
#define PULLSEAL_ADAPTERS_RELAY_WORKER_POOL_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pullseal::cri {

// Turn says when a task runs. Pulls wait for registries, so they never take the last threads: what a registry holds up
// must not hold up containers whose images are known.
enum class Turn {
  kFirst,  // ends work already begun: goes before all others and always fits, being as many as calls in flight at most
  kUsual,
  kPull,  // on three quarters of the threads at most
};

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
  // The queue whose first task runs next; null if none may. Called with mutex_ held.
  Queue* Next();

  const std::size_t most_;
  const std::size_t most_pulls_;
  std::mutex mutex_;
  std::condition_variable ready_;
  Queue first_;                    // guarded by mutex_
  Queue usual_;                    // guarded by mutex_
  Queue pulls_;                    // guarded by mutex_
  std::size_t running_pulls_ = 0;  // guarded by mutex_
  bool stopping_ = false;          // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_RELAY_WORKER_POOL_H_
