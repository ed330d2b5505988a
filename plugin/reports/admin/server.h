// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_REPORTS_ADMIN_SERVER_H_
#define PULLSEAL_REPORTS_ADMIN_SERVER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "core/base/file.h"
#include "core/json/value.h"

namespace pullseal::admin {

// Server answers the operator's command line on a unix socket: one JSON object a line, a request and its reply lines,
// each at most limits::kAdminLineBytes. A reply ends with a line that has the member "done". Only peers that are root,
// or the user we run as, are served. At most limits::kAdminConnections at a time.
class Server {
 public:
  // Writes one reply line; false if the peer is gone.
  using Send = std::function<bool(const json::Writer& line)>;
  // Answers one request. Runs on a thread of the connection; `stopping` asks for a quick end.
  using Handler = std::function<void(const json::Value& request, const Send& send, const std::atomic<bool>& stopping)>;

  Server(OwnedFd listener, Handler handler);
  // Ends all connections; waits for the handlers.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  void Accept();
  void Serve(int fd);

  const OwnedFd listener_;
  const Handler handler_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace pullseal::admin

#endif  // PULLSEAL_REPORTS_ADMIN_SERVER_H_
