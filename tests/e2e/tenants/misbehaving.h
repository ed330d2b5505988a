// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_E2E_TENANTS_MISBEHAVING_H_
#define PULLSEAL_E2E_TENANTS_MISBEHAVING_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "core/base/file.h"
#include "core/base/mutex.h"

namespace pullseal::tenants {

// Peer is one connection of a client to a Misbehaving host, and whether the host is to end.
class Peer {
 public:
  Peer(int fd, const std::atomic<bool>& ending) : fd_(fd), ending_(ending) {}
  // False once the client is gone or the host ends.
  bool Send(const std::string& bytes) const;
  // Waits, while the client stays, until the host ends or changes its behaviour.
  void Hang() const;
  // The head of the next request; empty if there is none.
  std::string Request() const;
  bool ending() const { return ending_; }

 private:
  const int fd_;
  const std::atomic<bool>& ending_;
};

// Misbehaving is a host of a tenant's on a free port of 127.0.0.1 that does what a tenant likes.
class Misbehaving {
 public:
  // What is done with one connection, on a thread of its own.
  using Behaviour = std::function<void(const Peer& peer)>;

  Misbehaving();
  ~Misbehaving();
  Misbehaving(const Misbehaving&) = delete;
  Misbehaving& operator=(const Misbehaving&) = delete;

  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  // From now on; what goes on under the former behaviour ends.
  void Behave(Behaviour behaviour);

 private:
  void Accept();
  void Serve(int fd);
  OwnedFd listener_;
  int port_ = 0;
  Mutex mutex_;
  Behaviour behaviour_ PULLSEAL_GUARDED_BY(mutex_);
  std::atomic<bool> changing_{false};
  std::atomic<bool> closing_{false};
  std::atomic<int> open_{0};
  std::thread thread_;
};

// --- behaviours ---
void Silent(const Peer& peer);                                  // accepts and never says a word
void Hangup(const Peer& peer);                                  // closes at once
Misbehaving::Behaviour Answering(const std::string& response);  // this to each request
Misbehaving::Behaviour AnsweringBy(std::function<std::string(const std::string& head)> answer);
Misbehaving::Behaviour Endless(const std::string& beginning, const std::string& more, int pause_ms);
// A whole answer of HTTP/1.1.
std::string Reply(const std::string& status, const std::string& body, const std::string& headers = "");

}  // namespace pullseal::tenants

#endif  // PULLSEAL_E2E_TENANTS_MISBEHAVING_H_
