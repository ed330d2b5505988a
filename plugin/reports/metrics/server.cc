// SPDX-License-Identifier: Apache-2.0
#include "reports/metrics/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "reports/metrics/limits.h"

namespace pullseal::metrics {
namespace {

Result<sockaddr_in> ParseAddress(const std::string& address) {
  const Error bad{ErrorCode::kInvalid, "\"" + address + "\" is not IPV4:PORT"};
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return bad;
  const std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  sockaddr_in out{};
  out.sin_family = AF_INET;
  unsigned short number = 0;
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (code != std::errc() || end != port.data() + port.size() || inet_pton(AF_INET, host.c_str(), &out.sin_addr) != 1) {
    return bad;
  }
  out.sin_port = htons(number);
  return out;
}

void SendAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void SetTimeouts(int fd) {
  timeval time{};
  time.tv_sec = limits::kScrapeTime.count();
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const std::string& address, std::function<std::string()> metrics,
                                              std::function<bool()> ready) {
  auto where = ParseAddress(address);
  if (!where) return where.error().In("metrics address");
  OwnedFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*where), sizeof *where) != 0 || ::listen(fd.get(), 16) != 0) {
    return Error{ErrorCode::kUnavailable, "metrics address " + address + ": " + ErrnoText(errno)};
  }
  socklen_t size = sizeof *where;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&*where), &size);
  return std::unique_ptr<Server>(
      new Server(std::move(fd), ntohs(where->sin_port), std::move(metrics), std::move(ready)));
}

Server::Server(OwnedFd fd, int port, std::function<std::string()> metrics, std::function<bool()> ready)
    : fd_(std::move(fd)), port_(port), metrics_(std::move(metrics)), ready_(std::move(ready)), thread_([this] {
        Run();
      }) {}

Server::~Server() {
  stop_.store(true);
  thread_.join();
}

void Server::Run() {
  while (!stop_.load()) {
    pollfd one{fd_.get(), POLLIN, 0};
    if (::poll(&one, 1, 200) <= 0) continue;
    const OwnedFd client(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client.valid()) Serve(client.get());
  }
}

void Server::Serve(int fd) const {
  SetTimeouts(fd);
  std::string request;
  char chunk[2048];
  const auto end = std::chrono::steady_clock::now() + limits::kScrapeTime;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = ::recv(fd, chunk, sizeof chunk, 0);
    if (got <= 0 || request.size() > limits::kScrapeRequestBytes || std::chrono::steady_clock::now() > end) return;
    request.append(chunk, static_cast<std::size_t>(got));
  }
  std::string status = "404 Not Found";
  std::string body = "not found; see /metrics\n";
  if (request.starts_with("GET /metrics ")) {
    status = "200 OK";
    body = metrics_();
  } else if (request.starts_with("GET /healthz ")) {
    status = "200 OK";
    body = "ok\n";
  } else if (ready_ && request.starts_with("GET /readyz ")) {
    const bool ready = ready_();
    status = ready ? "200 OK" : "503 Service Unavailable";
    body = ready ? "ready\n" : "not ready\n";
  }
  SendAll(fd, "HTTP/1.1 " + status + "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
}

}  // namespace pullseal::metrics
