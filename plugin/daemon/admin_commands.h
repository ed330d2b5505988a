#ifndef PULLSEAL_DAEMON_ADMIN_COMMANDS_H_
#define PULLSEAL_DAEMON_ADMIN_COMMANDS_H_

#include <atomic>
#include <string>

#include "admin/server.h"
#include "audit/audit_log.h"
#include "base/clock.h"
#include "config/config.h"
#include "daemon/policy_source.h"
#include "daemon/reporter.h"
#include "gate/gate.h"

namespace pullseal::daemon {

// AdminCommands answers what the command line asks a running daemon: {"command": "status" | "cache-list" |
// "cache-flush" | "warm"}. Thread-safe.
class AdminCommands {
 public:
  AdminCommands(const config::Config& config, gate::Gate& gate, PolicySource& policy, Reports& reports,
                const audit::AuditLog& audit, const Clock& clock)
      : config_(config),
        gate_(gate),
        policy_(policy),
        reports_(reports),
        audit_(audit),
        clock_(clock),
        started_(clock.Now()) {}

  void Answer(const json::Value& request, const admin::Server::Send& send, const std::atomic<bool>& stopping);

 private:
  void TellStatus(const admin::Server::Send& send);
  void CacheList(const admin::Server::Send& send);
  void CacheFlush(const admin::Server::Send& send);
  void Warm(const json::Value& request, const admin::Server::Send& send, const std::atomic<bool>& stopping);
  json::Writer WarmOne(const std::string& image, const std::optional<std::string>& pod_namespace);

  const config::Config& config_;
  gate::Gate& gate_;
  PolicySource& policy_;
  Reports& reports_;
  const audit::AuditLog& audit_;
  const Clock& clock_;
  const WallTime started_;
};

}  // namespace pullseal::daemon

#endif  // PULLSEAL_DAEMON_ADMIN_COMMANDS_H_
