// SPDX-License-Identifier: Apache-2.0
#include "adapters/relay/endpoint.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "adapters/relay/limits.h"

namespace pullseal::relay {

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

void Loop::Add(int fd, std::uint32_t events, Watched* watched) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = watched;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Loop::Change(int fd, std::uint32_t events, Watched* watched) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = watched;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Loop::Remove(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void Loop::Dispatch(int timeout_ms) {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < count; ++i)
    static_cast<Watched*>(events[static_cast<std::size_t>(i)].data.ptr)
        ->OnEvents(events[static_cast<std::size_t>(i)].events);
}

void Loop::RunOnce(int timeout_ms) {
  Dispatch(timeout_ms);
  // What arrived meanwhile leaves in the same writes: under load that is fewer of them.
  if (!dirty_.empty()) Dispatch(0);
  // Sending on one connection opens the window of another, which then has something to send too.
  while (!dirty_.empty()) {
    std::vector<Endpoint*> batch = std::exchange(dirty_, {});
    for (Endpoint* endpoint : batch) endpoint->Flush();
  }
  dead_.clear();
}

Endpoint::Endpoint(Loop& loop, OwnedFd fd) : loop_(loop), fd_(std::move(fd)) { loop_.Add(fd_.get(), EPOLLIN, this); }

Endpoint::~Endpoint() = default;

void Endpoint::MarkDirty() {
  if (dirty_ || over_) return;
  dirty_ = true;
  loop_.MarkDirty(this);
}

void Endpoint::OnEvents(std::uint32_t events) {
  if (over_) return;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Read();
  if (!over_ && (events & EPOLLOUT) != 0) MarkDirty();
}

void Endpoint::Read() {
  std::array<std::uint8_t, 64 * 1024> chunk;
  // One chunk a turn: no connection starves the others.
  const ssize_t got = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return End();
  const ssize_t used = nghttp2_session_mem_recv(session_.get(), chunk.data(), static_cast<std::size_t>(got));
  if (used < 0) return End();
  MarkDirty();
}

void Endpoint::Flush() {
  dirty_ = false;
  if (over_) return;
  while (true) {
    while (output_.size() - written_ < limits::kOutputBytes) {
      const std::uint8_t* data = nullptr;
      const ssize_t length = nghttp2_session_mem_send(session_.get(), &data);
      if (length < 0) return End();
      if (length == 0) break;
      output_.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(length));
    }
    if (output_.size() == written_) break;
    const std::size_t before = written_;
    Write();
    if (over_ || waits_for_write_ || written_ == before) break;
  }
  if (!over_) EndIfDone();
}

void Endpoint::Write() {
  const ssize_t sent = ::send(fd_.get(), output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return End();
  if (sent > 0) written_ += static_cast<std::size_t>(sent);
  if (written_ == output_.size()) {
    written_ = 0;
    output_.clear();
    if (output_.capacity() > limits::kOutputBytes) output_.shrink_to_fit();
  }
  const bool wait = written_ < output_.size();
  if (wait != waits_for_write_) {
    waits_for_write_ = wait;
    loop_.Change(fd_.get(), wait ? EPOLLIN | EPOLLOUT : EPOLLIN, this);
  }
}

void Endpoint::EndIfDone() {
  if (!waits_for_write_ && nghttp2_session_want_read(session_.get()) == 0 &&
      nghttp2_session_want_write(session_.get()) == 0) {
    End();
  }
}

void Endpoint::End() {
  if (over_) return;
  over_ = true;
  loop_.Remove(fd_.get());
  fd_.Close();
  OnOver();
}

}  // namespace pullseal::relay
