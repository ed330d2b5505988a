#ifndef PULLSEAL_CRI_WORKER_POOL_H_
#define PULLSEAL_CRI_WORKER_POOL_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pullseal::cri {

// WorkerPool runs tasks on a fixed number of threads. Tasks must not throw.
class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t queue);
  ~WorkerPool();  // finishes what runs, drops what waits

  // Puts a task in the queue; false if it is full. `urgent` tasks end work already begun: they go first and always fit,
  // being as many as calls in flight at most.
  bool Submit(std::function<void()> task, bool urgent);

 private:
  void Run();

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> urgent_;  // guarded by mutex_
  std::deque<std::function<void()>> tasks_;   // guarded by mutex_
  bool stopping_ = false;                     // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace pullseal::cri

#endif  // PULLSEAL_CRI_WORKER_POOL_H_
