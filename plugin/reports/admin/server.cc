// SPDX-License-Identifier: Apache-2.0
#include "reports/admin/server.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

#include "core/base/limits.h"
#include "core/base/log.h"
#include "reports/admin/limits.h"

namespace pullseal::admin {
namespace {

bool MayAsk(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

bool SendAll(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t sent = ::send(fd, text.data() + done, text.size() - done, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;  // gone, or too slow: the socket has a time limit
    done += static_cast<std::size_t>(sent);
  }
  return true;
}

bool SendError(int fd, const std::string& message) {
  json::Writer line;
  line.Text("error", message).Boolean("done", true);
  return SendAll(fd, line.Finish() + "\n");
}

}  // namespace

Server::Server(OwnedFd listener, Handler handler) : listener_(std::move(listener)), handler_(std::move(handler)) {
  thread_ = std::thread([this] { Accept(); });
}

Server::~Server() {
  stopping_ = true;
  thread_.join();
  // Handlers see the flag, and their reads and writes have time limits.
  while (connections_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

void Server::Accept() {
  while (!stopping_) {
    pollfd poll{listener_.get(), POLLIN, 0};
    if (::poll(&poll, 1, 200) <= 0) continue;
    OwnedFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd.valid()) continue;
    if (!MayAsk(fd.get())) continue;
    if (connections_ >= limits::kAdminConnections) {
      (void)SendError(fd.get(), "too many connections; try again");
      continue;
    }
    ++connections_;
    try {
      std::thread([this, owned = std::make_shared<const OwnedFd>(std::move(fd))] {
        try {
          Serve(owned->get());
        } catch (const std::exception& error) {
          log::Failure(std::string("admin socket: ") + error.what());
        }
        --connections_;
      }).detach();
    } catch (const std::exception& error) {  // no thread to be had
      --connections_;
      log::Failure(std::string("admin socket: ") + error.what());
    }
  }
}

void Server::Serve(int fd) {
  const timeval limit{limits::kAdminWriteTime.count(), 0};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  std::string pending;
  auto idle_since = std::chrono::steady_clock::now();
  while (!stopping_) {
    const std::size_t end = pending.find('\n');
    if (end != std::string::npos) {
      const auto request = json::Parse(std::string_view(pending).substr(0, end));
      pending.erase(0, end + 1);
      if (!request) {
        if (!SendError(fd, "the request is no JSON object: " + request.error().message)) return;
        continue;
      }
      handler_(
          *request, [fd](const json::Writer& line) { return SendAll(fd, line.Finish() + "\n"); }, stopping_);
      idle_since = std::chrono::steady_clock::now();
      continue;
    }
    if (pending.size() > limits::kAdminLineBytes) {
      (void)SendError(fd, "the request is too long");
      return;
    }
    if (std::chrono::steady_clock::now() - idle_since > limits::kAdminIdleTime) return;
    pollfd poll{fd, POLLIN, 0};
    if (::poll(&poll, 1, 200) <= 0) continue;
    char chunk[4096];
    const ssize_t got = ::recv(fd, chunk, sizeof chunk, 0);
    if (got <= 0) return;
    pending.append(chunk, static_cast<std::size_t>(got));
  }
}

}  // namespace pullseal::admin
