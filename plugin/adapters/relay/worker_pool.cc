// SPDX-License-Identifier: Apache-2.0
#include "adapters/relay/worker_pool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/base/mutex.h"

namespace pullseal::relay {

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue)
    : most_(queue), most_pulls_(std::max<std::size_t>(1, threads - threads / 4)) {
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
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  ready_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::Submit(std::function<void()> task, Turn turn) {
  {
    const MutexLock lock(mutex_);
    if (turn != Turn::kFirst && usual_.size() + pulls_.size() >= most_) return false;
    Queue& queue = turn == Turn::kFirst ? first_ : turn == Turn::kUsual ? usual_ : pulls_;
    queue.push_back(std::move(task));
  }
  ready_.NotifyOne();
  return true;
}

WorkerPool::Queue* WorkerPool::Next() {
  if (!first_.empty()) return &first_;
  if (!usual_.empty()) return &usual_;
  return !pulls_.empty() && running_pulls_ < most_pulls_ ? &pulls_ : nullptr;
}

void WorkerPool::Run() {
  while (true) {
    std::function<void()> task;
    bool pull = false;
    {
      MutexLock lock(mutex_);
      Queue* queue = nullptr;
      while (!stopping_ && (queue = Next()) == nullptr) ready_.Wait(lock);
      if (stopping_) return;
      pull = queue == &pulls_;
      if (pull) ++running_pulls_;
      task = std::move(queue->front());
      queue->pop_front();
    }
    try {
      task();
    } catch (const std::exception&) {
      // A library threw (out of memory, say). The call's result is never posted; its deadline or cancel ends it.
      log::Failure("a decision ended with an exception; its call is left unanswered");
    }
    if (!pull) continue;
    const MutexLock lock(mutex_);
    --running_pulls_;
    ready_.NotifyOne();
  }
}

}  // namespace pullseal::relay
