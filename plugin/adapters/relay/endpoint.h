// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_ENDPOINT_H_
#define PULLSEAL_ADAPTERS_RELAY_ENDPOINT_H_

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/file.h"

namespace pullseal::relay {

class Endpoint;

// Watched is a file descriptor in the event loop.
class Watched {
 public:
  virtual ~Watched() = default;
  virtual void OnEvents(std::uint32_t events) = 0;
};

// Loop is one epoll instance with the list of endpoints that have something to send. One thread; nothing here blocks.
class Loop {
 public:
  Loop();
  bool valid() const { return epoll_.valid(); }
  void Add(int fd, std::uint32_t events, Watched* watched);
  void Change(int fd, std::uint32_t events, Watched* watched);
  void Remove(int fd);
  // Waits for events at most `timeout_ms` (-1: for ever), handles them, and sends what they caused.
  void RunOnce(int timeout_ms);
  void MarkDirty(Endpoint* endpoint) { dirty_.push_back(endpoint); }
  // Keeps an endpoint that is over until the events at hand are handled, because they may name it.
  void Bury(std::unique_ptr<Endpoint> endpoint) { dead_.push_back(std::move(endpoint)); }

 private:
  void Dispatch(int timeout_ms);

  OwnedFd epoll_;
  std::vector<Endpoint*> dirty_;
  std::vector<std::unique_ptr<Endpoint>> dead_;
};

struct SessionDeleter {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};
using SessionPtr = std::unique_ptr<nghttp2_session, SessionDeleter>;

// Endpoint is one HTTP/2 connection: a socket, its session and the bytes not yet written. Its owner is told through
// OnOver when it ended, and buries it then.
class Endpoint : public Watched {
 public:
  Endpoint(Loop& loop, OwnedFd fd);
  ~Endpoint() override;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  nghttp2_session* session() const { return session_.get(); }
  bool over() const { return over_; }
  void OnEvents(std::uint32_t events) final;
  // Has the session's output written at the end of this turn of the loop.
  void MarkDirty();
  void Flush();
  // Ends the connection now. Calls OnOver once.
  void End();

 protected:
  void SetSession(nghttp2_session* session) { session_.reset(session); }
  virtual void OnOver() = 0;

 private:
  void Read();
  void Write();
  void EndIfDone();

  Loop& loop_;
  OwnedFd fd_;
  SessionPtr session_;
  std::string output_;
  std::size_t written_ = 0;
  bool dirty_ = false;
  bool over_ = false;
  bool waits_for_write_ = false;
};

}  // namespace pullseal::relay

#endif  // PULLSEAL_ADAPTERS_RELAY_ENDPOINT_H_
