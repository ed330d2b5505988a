// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_REPORTS_METRICS_SERVER_H_
#define PULLSEAL_REPORTS_METRICS_SERVER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "core/base/file.h"
#include "core/base/result.h"

namespace pullseal::metrics {

// Server answers GET /metrics, GET /healthz with "ok", and, where it is told how to know, GET /readyz with 200 or 503,
// over plain HTTP on one thread, one scrape after the other,
// each bounded by limits::kScrapeTime. Everything else is 404. It is meant for a loopback address.
class Server {
 public:
  // Listens on `address` (host:port; port 0 takes a free one). kInvalid or kUnavailable.
  static Result<std::unique_ptr<Server>> Start(const std::string& address, std::function<std::string()> metrics,
                                               std::function<bool()> ready = {});
  ~Server();
  int port() const { return port_; }

 private:
  Server(OwnedFd fd, int port, std::function<std::string()> metrics, std::function<bool()> ready);
  void Run();
  void Serve(int fd) const;

  OwnedFd fd_;
  const int port_;
  const std::function<std::string()> metrics_;
  const std::function<bool()> ready_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace pullseal::metrics

#endif  // PULLSEAL_REPORTS_METRICS_SERVER_H_
