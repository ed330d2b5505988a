// SPDX-License-Identifier: Apache-2.0
// The admin commands about what runs on the node, and the one that opens the gate.
#include <chrono>
#include <utility>

#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/json/value.h"
#include "gate/admission/container_judge.h"
#include "gate/gate/snapshot.h"
#include "image/oci/limits.h"
#include "image/runtime/limits.h"
#include "policy/file/load.h"
#include "programs/pullseald/admin_commands.h"
#include "programs/pullseald/limits.h"

namespace pullseal::daemon {
namespace {

std::string Joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) out += (out.empty() ? "" : ", ") + one;
  return out;
}

json::Writer Describe(const gate::Event& event, const gate::Decision& decision, const gate::Snapshot& snapshot) {
  json::Writer line;
  line.Text("namespace", event.pod_namespace).Text("pod", event.pod).Text("container", event.container);
  line.Text("image", Printable(event.image, limits::kReferenceBytes)).Text("image_id", event.image_id);
  line.Text("digest", decision.digest ? decision.digest->text() : "");
  line.Text("outcome", gate::OutcomeText(decision, &snapshot)).Text("reason", judge::Slug(decision.reason));
  line.Text("rule", decision.rule).Text("signer", Joined(decision.signers));
  line.Text("message", gate::AdviceOf(decision)).Text("detail", Printable(decision.detail, 400));
  return line;
}

}  // namespace

// The policy to judge by: the one in force, or a candidate read from a file, in which case it is judged as it would be
// in force: with its own mode, and not opened by break-glass.
gate::SnapshotPtr AdminCommands::SnapshotFor(const json::Value& request, std::string& why_not) const {
  const std::string* file = request.FindString("policy");
  if (file == nullptr) {
    gate::SnapshotPtr loaded = parts_.policy.Loaded();
    if (loaded == nullptr) why_not = "no policy is loaded";
    return loaded;
  }
  auto policy = policy::LoadPolicy(*file);
  if (!policy) {
    why_not = policy.error().message;
    return nullptr;
  }
  return std::make_shared<const gate::Snapshot>(gate::Snapshot{std::move(*policy), parts_.policy.node_labels()});
}

// Who runs and how it came there, at the cost of one call to the runtime.
void AdminCommands::ListRunning(const admin::Server::Send& send) {
  const SteadyTime deadline = parts_.clock.Steady() + limits::kRuntimeCallTime;
  auto containers = parts_.services->runtime.ListRunning(deadline);
  if (!containers) return SendFailure(send, containers.error().message);
  for (const runtime::RunningContainer& one : *containers) {
    json::Writer line;
    line.Text("kind", "container").Text("id", one.id).Text("container", one.name);
    line.Text("created", FormatTime(one.created)).Text("way", Text(parts_.created.WayOf(one.id, one.created)));
    if (const auto sandbox = parts_.services->runtime.FindSandbox(one.sandbox_id, deadline)) {
      line.Text("namespace", sandbox->pod_namespace).Text("pod", sandbox->name);
    }
    if (!send(line)) return;
  }
  json::Writer end;
  end.Number("containers", static_cast<std::int64_t>(containers->size())).Boolean("done", true);
  (void)send(end);
}

void AdminCommands::JudgeRunning(const json::Value& request, const admin::Server::Send& send,
                                 const std::atomic<bool>& stopping) {
  const json::Value* judge = request.Find("judge");
  if (judge != nullptr && judge->boolean() != nullptr && !*judge->boolean()) return ListRunning(send);
  std::string why_not;
  const gate::SnapshotPtr snapshot = SnapshotFor(request, why_not);
  if (snapshot == nullptr) return SendFailure(send, why_not);
  admission::Inquiry pause(parts_.services, "sandbox", snapshot);
  const admission::Settled pause_settled =
      pause.Settle(admission::JudgePauseImage(pause, "kube-system", parts_.clock.Steady() + limits::kWarmTime));
  json::Writer first = Describe(pause.event(), pause_settled.decision, *snapshot);
  first.Text("kind", "pause");
  if (!send(first)) return;
  std::int64_t count = 0;
  bool listening = true;
  const Status listed = admission::JudgeRunning(parts_.services, snapshot, [&](const admission::Running& one) {
    json::Writer line = Describe(one.event, one.settled.decision, *snapshot);
    line.Text("kind", "container").Text("id", one.container.id).Text("created", FormatTime(one.container.created));
    line.Text("way", Text(parts_.created.WayOf(one.container.id, one.container.created)));
    ++count;
    listening = send(line);
    return listening && !stopping;
  });
  if (!listening) return;
  if (!listed) return SendFailure(send, listed.error().message);
  if (stopping) return SendFailure(send, "the daemon is stopping");
  json::Writer end;
  end.Number("containers", count).Text("policy_sha256", snapshot->policy.sha256);
  end.Text("mode", policy::Text(snapshot->policy.mode)).Boolean("done", true);
  (void)send(end);
}

void AdminCommands::BreakGlassCommand(const json::Value& request, const admin::Server::Send& send) {
  const json::Value* time = request.Find("seconds");
  const auto seconds = time != nullptr ? time->integer() : std::nullopt;
  const std::string* reason = request.FindString("reason");
  if (!seconds) return SendFailure(send, "break-glass needs \"seconds\"");
  const Status done = *seconds == 0 ? parts_.break_glass.Close()
                                    : parts_.break_glass.Open(std::chrono::seconds(*seconds),
                                                              reason != nullptr ? *reason : std::string());
  if (!done) return SendFailure(send, done.error().message);
  const auto open = parts_.break_glass.Active();
  const std::string text =
      open ? "BREAK-GLASS opened until " + FormatTime(open->until) +
                 ": nothing is refused. Reason: " + Printable(open->reason, limits::kBreakGlassReason)
           : "break-glass ended by an operator: the policy is in force again";
  log::Warn(text);
  audit::Record record;
  record.time = parts_.clock.Now();
  record.action = "lifecycle";
  record.outcome = "allow";
  record.mode = open ? "break-glass" : "enforce";
  record.message = text;
  const Status recorded = parts_.audit.Append(record);
  json::Writer line;
  line.Boolean("open", open.has_value()).Text("until", open ? FormatTime(open->until) : "");
  line.Boolean("recorded", static_cast<bool>(recorded)).Boolean("done", true);
  (void)send(line);
}

}  // namespace pullseal::daemon
