// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/self_test.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "gate/gate/canary.h"

namespace pullseal::daemon {
namespace {

// Where the test has got to. Shared with its tasks, which may run after nobody waits any more.
struct Progress {
  std::mutex mutex;
  std::condition_variable moved;
  bool relay_ran = false;              // guarded by mutex
  std::optional<std::string> verdict;  // guarded by mutex

  void Conclude(std::string text) {
    {
      const std::lock_guard lock(mutex);
      verdict = std::move(text);
    }
    moved.notify_all();
  }
};

}  // namespace

std::string RunSelfTest(cri::Relay& relay, const Clock& clock, std::chrono::milliseconds most,
                        const std::atomic<bool>& stopping) {
  auto progress = std::make_shared<Progress>();
  relay.Post([progress, &relay, &clock] {
    {
      const std::lock_guard lock(progress->mutex);
      progress->relay_ran = true;
    }
    // Waits its turn as a call would, but for a place in the queue: a full queue is load, not sickness.
    const auto judge = [progress, &clock] { progress->Conclude(std::string(gate::CanariesHold(clock.Now()))); };
    if (!relay.workers().Submit(judge, cri::Turn::kFirst)) progress->Conclude("no worker takes a task");
  });
  std::unique_lock lock(progress->mutex);
  const auto end = std::chrono::steady_clock::now() + most;
  while (!stopping && std::chrono::steady_clock::now() < end) {
    constexpr std::chrono::milliseconds kSlice(100);
    if (progress->moved.wait_for(lock, kSlice, [&] { return progress->verdict.has_value(); }))
      return *progress->verdict;
  }
  if (stopping) return {};
  return progress->relay_ran ? "no worker came to it" : "the relay's thread does not run";
}

}  // namespace pullseal::daemon
