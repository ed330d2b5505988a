// SPDX-License-Identifier: Apache-2.0
#include "adapters/relay/relay.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "adapters/relay/connection.h"
#include "adapters/relay/limits.h"
#include "core/base/log.h"
#include "core/base/mutex.h"

namespace pullseal::relay {

class Relay::Listener final : public Watched {
 public:
  explicit Listener(Relay& relay) : relay_(relay) {}
  void OnEvents(std::uint32_t) override { relay_.Accept(); }

 private:
  Relay& relay_;
};

class Relay::Waker final : public Watched {
 public:
  explicit Waker(Relay& relay) : relay_(relay) {}
  void OnEvents(std::uint32_t) override { relay_.RunPosted(); }

 private:
  Relay& relay_;
};

Relay::Relay(OwnedFd listener, RelayOptions options, JudgedCalls& calls, CallObserver observer)
    : listener_fd_(std::move(listener)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      options_(std::move(options)),
      calls_(calls),
      observer_(std::move(observer)),
      listener_(std::make_unique<Listener>(*this)),
      waker_(std::make_unique<Waker>(*this)),
      workers_(std::make_unique<WorkerPool>(options_.workers, options_.queue)) {
  loop_.Add(listener_fd_.get(), EPOLLIN, listener_.get());
  loop_.Add(wake_fd_.get(), EPOLLIN, waker_.get());
}

Relay::~Relay() {
  workers_.reset();
  for (auto& [id, connection] : std::exchange(connections_, {})) connection->End();
}

void Relay::Run() {
  while (!stop_.load()) loop_.RunOnce(-1);
  Drain();
}

void Relay::Stop() {
  stop_.store(true);
  Post([] {});
}

void Relay::Post(std::function<void()> task) {
  {
    const MutexLock lock(mutex_);
    posted_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_.get(), &one, sizeof one);
}

void Relay::RunPosted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_fd_.get(), &count, sizeof count);
  std::vector<std::function<void()>> tasks;
  {
    const MutexLock lock(mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

// Only root's own processes, and the user the daemon runs as, may speak to it; the socket's folder says the same.
void Relay::Accept() {
  OwnedFd fd(::accept4(listener_fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.valid()) return;
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  if (!known || (peer.uid != 0 && peer.uid != ::geteuid())) {
    log::Warn("connection refused: peer has uid " + std::to_string(peer.uid) + ", pid " + std::to_string(peer.pid));
    return;
  }
  if (connections_.size() >= limits::kConnections) {
    log::Warn("connection refused: " + std::to_string(limits::kConnections) + " are open");
    return;
  }
  const std::uint64_t id = ++next_connection_;
  connections_[id] = std::make_unique<Connection>(*this, id, std::move(fd));
  if (log::Enabled(log::Level::kDebug)) log::Debug("connection from pid " + std::to_string(peer.pid));
}

Connection* Relay::FindConnection(std::uint64_t id) {
  const auto found = connections_.find(id);
  return found != connections_.end() ? found->second.get() : nullptr;
}

void Relay::Forget(Connection* connection) {
  const auto found = connections_.find(connection->id());
  if (found == connections_.end()) return;
  loop_.Bury(std::move(found->second));
  connections_.erase(found);
}

bool Relay::Busy() const {
  for (const auto& [id, connection] : connections_) {
    if (connection->Busy()) return true;
  }
  return false;
}

// A client must never find its call cut off by our leaving: first it hears that no more should come, then what came in
// between is taken too and the line is drawn, then calls under way end, and then the client closes, not we.
void Relay::Drain() {
  loop_.Remove(listener_fd_.get());
  listener_fd_.Close();
  for (auto& [id, connection] : connections_) connection->AnnounceGoAway();
  RunWhile([] { return true; }, limits::kGoAwayNotice);
  draining_ = true;
  for (auto& [id, connection] : connections_) connection->GoAway();
  RunWhile([this] { return Busy(); }, limits::kDrainTime);
  RunWhile([this] { return !connections_.empty(); }, limits::kGoAwayLinger);
  loop_.RunOnce(0);
}

void Relay::RunWhile(const std::function<bool()>& goes_on, std::chrono::milliseconds most) {
  const auto end = std::chrono::steady_clock::now() + most;
  while (!connections_.empty() && goes_on()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    loop_.RunOnce(static_cast<int>(std::min<std::chrono::milliseconds::rep>(left.count(), 100)));
  }
}

}  // namespace pullseal::relay
