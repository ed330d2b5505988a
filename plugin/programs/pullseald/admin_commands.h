// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEALD_ADMIN_COMMANDS_H_
#define PULLSEAL_PROGRAMS_PULLSEALD_ADMIN_COMMANDS_H_

#include <atomic>
#include <string>

#include "core/base/clock.h"
#include "gate/admission/inquiry.h"
#include "node/config/config.h"
#include "programs/pullseald/break_glass.h"
#include "programs/pullseald/created_containers.h"
#include "programs/pullseald/policy_source.h"
#include "programs/pullseald/reporter.h"
#include "reports/admin/server.h"
#include "reports/audit/audit_log.h"
#include "reports/metrics/metrics.h"

namespace pullseal::gate {
class Gate;
}  // namespace pullseal::gate

namespace pullseal::origin {
class NodeOrigins;
}  // namespace pullseal::origin

namespace pullseal::daemon {

// AdminParts is what the admin commands ask and change. All outlive them and are thread-safe.
struct AdminParts {
  const config::Config& config;
  gate::Gate& gate;
  PolicySource& policy;
  Reports& reports;
  audit::AuditLog& audit;
  const Clock& clock;
  metrics::Metrics& metrics;
  std::shared_ptr<const admission::Services> services;
  CreatedContainers& created;
  BreakGlass& break_glass;
  origin::NodeOrigins& origins;
};

// AdminCommands answers what the command line and the verifier plugin ask a running daemon: {"command": NAME, ...}, the
// names as in Answer. Thread-safe.
class AdminCommands {
 public:
  explicit AdminCommands(const AdminParts& parts) : parts_(parts), started_(parts.clock.Now()) {}

  void Answer(const json::Value& request, const admin::Server::Send& send, const std::atomic<bool>& stopping);

 private:
  void TellStatus(const admin::Server::Send& send);
  void TellMetrics(const admin::Server::Send& send);
  void CacheList(const admin::Server::Send& send);
  void CacheFlush(const admin::Server::Send& send);
  // {"command": "warm", "images": [...], "namespace": absent or text, "policy": absent or a file}
  void Warm(const json::Value& request, const admin::Server::Send& send, const std::atomic<bool>& stopping);
  json::Writer WarmOne(admission::Inquiry inquiry, const std::string& image,
                       const std::optional<std::string>& pod_namespace);
  // {"command": "image-verifier", "name": ..., "digest": ...}: may this digest be pulled under this name?
  void VerifyForPull(const json::Value& request, const admin::Server::Send& send);
  // {"command": "canary", "image": ...}: did a canary of that name come on the CRI socket?
  void TellCanary(const json::Value& request, const admin::Server::Send& send);
  // {"command": "running", "policy": absent or a file, "judge": absent or false}: what runs, judged by the policy in
  // force, or by that file, or not at all.
  void ListRunning(const admin::Server::Send& send);
  void JudgeRunning(const json::Value& request, const admin::Server::Send& send, const std::atomic<bool>& stopping);
  gate::SnapshotPtr SnapshotFor(const json::Value& request, std::string& why_not) const;
  // {"command": "break-glass", "seconds": 0 to end it, "reason": ...}
  void BreakGlassCommand(const json::Value& request, const admin::Server::Send& send);

  // {"command": "note", "images": [...]}: root says that what the store has under these names came from there.
  void NoteImages(const json::Value& request, const admin::Server::Send& send, const std::atomic<bool>& stopping);
  Result<std::string> NoteImage(const std::string& image);
  // {"command": "forget-notes"}: removes every note, ours and root's, for uninstalling.
  void ForgetNotes(const admin::Server::Send& send, const std::atomic<bool>& stopping);

  const AdminParts parts_;
  const WallTime started_;
};

// SendFailure ends a reply with why there is none.
void SendFailure(const admin::Server::Send& send, const std::string& message);

}  // namespace pullseal::daemon

#endif  // PULLSEAL_PROGRAMS_PULLSEALD_ADMIN_COMMANDS_H_
