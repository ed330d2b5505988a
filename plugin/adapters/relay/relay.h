// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_RELAY_H_
#define PULLSEAL_ADAPTERS_RELAY_RELAY_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/relay/endpoint.h"
#include "adapters/relay/held_bytes.h"
#include "adapters/relay/judged_call.h"
#include "adapters/relay/worker_pool.h"
#include "core/base/file.h"
#include "core/base/mutex.h"

namespace pullseal::relay {

class Connection;

struct RelayOptions {
  std::string runtime_socket;
  std::size_t workers = 8;
  std::size_t queue = 1024;
  std::chrono::milliseconds decision_timeout{20'000};
};

// Told when a call ended: its method's name and its gRPC status code ("0", "14"), or "cancelled".
using CallObserver = std::function<void(std::string_view method, std::string_view code)>;

// Relay carries the CRI from a listening socket to the runtime's socket as HTTP/2 frames: headers, messages, trailers,
// streams, flow control, resets and deadlines pass; only known methods of runtime.v1 pass; judged calls are held until
// they are decided. One thread runs it, judged calls decide on a worker pool. A slow reader makes nobody's memory grow:
// each direction of each stream holds at most limits::kStreamWindow.
class Relay {
 public:
  // `listener` is a listening unix stream socket, non-blocking.
  Relay(OwnedFd listener, RelayOptions options, JudgedCalls& calls, CallObserver observer);
  ~Relay();

  // Serves until Stop, then drains: no new calls, unary calls get limits::kDrainTime to end.
  void Run();
  // Thread-safe, from any thread.
  void Stop();
  // Runs `task` on the relay's thread. Thread-safe.
  void Post(std::function<void()> task);

  // --- for connections and calls, on the relay's thread ---
  Loop& loop() { return loop_; }
  const RelayOptions& options() const { return options_; }
  JudgedCalls& calls() { return calls_; }
  WorkerPool& workers() { return *workers_; }
  void Observe(std::string_view method, std::string_view code) { observer_(method, code); }
  Connection* FindConnection(std::uint64_t id);
  void Forget(Connection* connection);
  std::uint64_t NextGeneration() { return ++generation_; }
  bool draining() const { return draining_; }
  HeldBytes& held() { return held_; }

 private:
  class Listener;
  class Waker;
  void Accept();
  void RunPosted();
  void Drain();
  // Serves while there are connections and `goes_on` holds, at most so long.
  void RunWhile(const std::function<bool()>& goes_on, std::chrono::milliseconds most);
  bool Busy() const;

  Loop loop_;
  OwnedFd listener_fd_;
  OwnedFd wake_fd_;
  const RelayOptions options_;
  JudgedCalls& calls_;
  CallObserver observer_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Waker> waker_;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t next_connection_ = 0;
  std::uint64_t generation_ = 0;
  HeldBytes held_;
  bool draining_ = false;
  std::atomic<bool> stop_{false};
  Mutex mutex_;
  std::vector<std::function<void()>> posted_ PULLSEAL_GUARDED_BY(mutex_);
  std::unique_ptr<WorkerPool> workers_;  // last: its threads post to what stands above
};

}  // namespace pullseal::relay

#endif  // PULLSEAL_ADAPTERS_RELAY_RELAY_H_
