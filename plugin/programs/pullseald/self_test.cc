// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/self_test.h"

#include <memory>
#include <optional>

#include "core/base/mutex.h"
#include "gate/gate/canary.h"

namespace pullseal::daemon {
namespace {

// Where the test has got to. Shared with its tasks, which may run after nobody waits any more.
struct Progress {
  Mutex mutex;
  Condition moved;
  bool relay_ran PULLSEAL_GUARDED_BY(mutex) = false;
  std::optional<std::string> verdict PULLSEAL_GUARDED_BY(mutex);

  void End(std::string text) {
    {
      const MutexLock lock(mutex);
      verdict = std::move(text);
    }
    moved.NotifyAll();
  }
};

}  // namespace

std::string RunSelfTest(relay::Relay& relay, const Clock& clock, std::chrono::milliseconds most,
                        const std::atomic<bool>& stopping) {
  auto progress = std::make_shared<Progress>();
  relay.Post([progress, &relay, &clock] {
    {
      const MutexLock lock(progress->mutex);
      progress->relay_ran = true;
    }
    // Waits its turn as a call would, but for a place in the queue: a full queue is load, not sickness.
    const auto judge = [progress, &clock] { progress->End(std::string(gate::CanariesHold(clock.Now()))); };
    if (!relay.workers().Submit(judge, relay::Turn::kFirst)) progress->End("no worker takes a task");
  });
  MutexLock lock(progress->mutex);
  const auto end = std::chrono::steady_clock::now() + most;
  while (!stopping && std::chrono::steady_clock::now() < end) {
    constexpr std::chrono::milliseconds kSlice(100);
    if (progress->verdict) return *progress->verdict;
    progress->moved.WaitFor(lock, kSlice);
  }
  if (progress->verdict) return *progress->verdict;
  if (stopping) return {};
  return progress->relay_ran ? "no worker came to it" : "the relay's thread does not run";
}

}  // namespace pullseal::daemon
