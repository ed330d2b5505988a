// SPDX-License-Identifier: Apache-2.0
#include "e2e/tenants/misbehaving.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <utility>

namespace pullseal::tenants {

bool Peer::Send(const std::string& bytes) const {
  std::size_t done = 0;
  while (done < bytes.size() && !ending_) {
    pollfd poll{fd_, POLLOUT, 0};
    if (::poll(&poll, 1, 100) <= 0) continue;
    const ssize_t sent = ::send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return !ending_;
}

void Peer::Hang() const {
  while (!ending_) {
    pollfd poll{fd_, POLLRDHUP, 0};
    if (::poll(&poll, 1, 100) > 0) return;
  }
}

std::string Peer::Request() const {
  std::string head;
  while (!ending_ && head.size() < 65536) {
    if (const auto end = head.find("\r\n\r\n"); end != std::string::npos) return head;
    pollfd poll{fd_, POLLIN, 0};
    if (::poll(&poll, 1, 100) <= 0) continue;
    char chunk[4096];
    const ssize_t got = ::recv(fd_, chunk, sizeof chunk, 0);
    if (got <= 0) return "";
    head.append(chunk, static_cast<std::size_t>(got));
  }
  return "";
}

Misbehaving::Misbehaving() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), behaviour_(Hangup) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::listen(listener_.get(), 1024);
  socklen_t size = sizeof address;
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Accept(); });
}

Misbehaving::~Misbehaving() {
  closing_ = true;
  thread_.join();
  Behave(Hangup);
}

void Misbehaving::Behave(Behaviour behaviour) {
  changing_ = true;
  while (open_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const MutexLock lock(mutex_);
  behaviour_ = std::move(behaviour);
  changing_ = false;
}

void Misbehaving::Accept() {
  while (!closing_) {
    pollfd poll{listener_.get(), POLLIN, 0};
    if (::poll(&poll, 1, 100) <= 0) continue;
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++open_;
    std::thread([this, fd] { Serve(fd); }).detach();
  }
}

void Misbehaving::Serve(int fd) {
  const OwnedFd owned(fd);
  Behaviour behaviour;
  {
    const MutexLock lock(mutex_);
    behaviour = behaviour_;
  }
  behaviour(Peer(fd, changing_));
  --open_;
}

void Silent(const Peer& peer) { peer.Hang(); }

void Hangup(const Peer&) {}

Misbehaving::Behaviour AnsweringBy(std::function<std::string(const std::string& head)> answer) {
  return [answer = std::move(answer)](const Peer& peer) {
    while (true) {
      const std::string head = peer.Request();
      if (head.empty()) return;
      const std::string reply = answer(head);
      if (reply.empty()) return peer.Hang();
      if (!peer.Send(head.starts_with("HEAD ") ? reply.substr(0, reply.find("\r\n\r\n") + 4) : reply)) return;
    }
  };
}

Misbehaving::Behaviour Answering(const std::string& response) {
  return AnsweringBy([response](const std::string&) { return response; });
}

Misbehaving::Behaviour Endless(const std::string& beginning, const std::string& more, int pause_ms) {
  return [beginning, more, pause_ms](const Peer& peer) {
    if (peer.Request().empty() || !peer.Send(beginning)) return;
    while (peer.Send(more)) std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
  };
}

std::string Reply(const std::string& status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

}  // namespace pullseal::tenants
