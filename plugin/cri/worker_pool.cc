#include "cri/worker_pool.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

#include "base/log.h"

namespace pullseal::cri {

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue) : most_(queue) {
  // Signals are for the relay's thread.
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::Submit(std::function<void()> task, bool urgent) {
  {
    const std::lock_guard lock(mutex_);
    if (!urgent && tasks_.size() >= most_) return false;
    (urgent ? urgent_ : tasks_).push_back(std::move(task));
  }
  ready_.notify_one();
  return true;
}

void WorkerPool::Run() {
  while (true) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stopping_ || !urgent_.empty() || !tasks_.empty(); });
      if (stopping_) return;
      auto& queue = urgent_.empty() ? tasks_ : urgent_;
      task = std::move(queue.front());
      queue.pop_front();
    }
    try {
      task();
    } catch (const std::exception&) {
      // A library threw (out of memory, say). The call's result is never posted; its deadline or cancel ends it.
      log::Failure("a decision ended with an exception; its call is left unanswered");
    }
  }
}

}  // namespace pullseal::cri
