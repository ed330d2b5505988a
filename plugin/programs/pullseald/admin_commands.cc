// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/admin_commands.h"

#include <unistd.h>

#include <utility>

#include "core/json/value.h"
#include "gate/gate/gate.h"
#include "gate/gate/snapshot.h"
#include "programs/pullseald/limits.h"

namespace pullseal::daemon {

void SendFailure(const admin::Server::Send& send, const std::string& message) {
  json::Writer line;
  line.Text("error", message).Boolean("done", true);
  (void)send(line);
}

void AdminCommands::Answer(const json::Value& request, const admin::Server::Send& send,
                           const std::atomic<bool>& stopping) {
  const std::string* command = request.FindString("command");
  if (command == nullptr) {
    SendFailure(send, "the request has no member \"command\"");
  } else if (*command == "status") {
    TellStatus(send);
  } else if (*command == "cache-list") {
    CacheList(send);
  } else if (*command == "cache-flush") {
    CacheFlush(send);
  } else if (*command == "warm") {
    Warm(request, send, stopping);
  } else if (*command == "metrics") {
    TellMetrics(send);
  } else if (*command == "image-verifier") {
    VerifyForPull(request, send);
  } else if (*command == "canary") {
    TellCanary(request, send);
  } else if (*command == "running") {
    JudgeRunning(request, send, stopping);
  } else if (*command == "note") {
    NoteImages(request, send, stopping);
  } else if (*command == "forget-notes") {
    ForgetNotes(send, stopping);
  } else if (*command == "break-glass") {
    BreakGlassCommand(request, send);
  } else {
    SendFailure(send, "unknown command \"" + Printable(*command, 64) + "\"");
  }
}

void AdminCommands::TellStatus(const admin::Server::Send& send) {
  json::Writer line;
  line.Text("version", PULLSEAL_VERSION).Text("started", FormatTime(started_)).Number("pid", ::getpid());
  const gate::SnapshotPtr snapshot = parts_.policy.Loaded();
  json::Writer policy;
  policy.Text("file", parts_.config.policy).Boolean("in_force", snapshot != nullptr);
  if (snapshot != nullptr) {
    policy.Text("name", snapshot->policy.name).Text("version", snapshot->policy.version);
    policy.Text("sha256", snapshot->policy.sha256).Text("mode", policy::Text(snapshot->policy.mode));
    policy.Text("loaded", FormatTime(parts_.policy.LoadedAt()));
    policy.Number("rules", static_cast<std::int64_t>(snapshot->policy.rules.size()));
  }
  if (const std::string refused = parts_.policy.Refused(); !refused.empty()) policy.Text("refused", refused);
  line.Raw("policy", policy.Finish());
  if (const auto open = parts_.break_glass.Active()) {
    json::Writer glass;
    glass.Text("until", FormatTime(open->until)).Text("reason", open->reason);
    line.Raw("break_glass", glass.Finish());
  }
  line.Text("cri_socket", parts_.config.listen_cri).Text("runtime_socket", parts_.config.runtime_socket);
  const gate::CacheSizes sizes = parts_.gate.Sizes();
  json::Writer cache;
  cache.Number("verdicts", static_cast<std::int64_t>(sizes.verdicts));
  cache.Number("images", static_cast<std::int64_t>(sizes.images));
  cache.Text("store", parts_.config.state.empty() ? "" : parts_.config.state + "/evidence.db");
  line.Raw("cache", cache.Finish());
  json::Writer audit;
  audit.Text("file", parts_.config.audit_file)
      .Text("head", parts_.audit.Head())
      .Boolean("disk_full", parts_.audit.OnReserve());
  line.Raw("audit", audit.Finish());
  json::Writer decisions;
  for (const auto& [outcome, count] : parts_.reports.Counts()) decisions.Number(outcome, count);
  line.Raw("decisions", decisions.Finish()).Boolean("done", true);
  (void)send(line);
}

void AdminCommands::TellMetrics(const admin::Server::Send& send) {
  const std::string text = parts_.metrics.Text();
  for (std::size_t at = 0; at < text.size();) {
    json::Writer line;
    line.Text("text", std::string_view(text).substr(at, limits::kMetricsChunkBytes));
    if (!send(line)) return;
    at += limits::kMetricsChunkBytes;
  }
  json::Writer end;
  end.Boolean("done", true);
  (void)send(end);
}

void AdminCommands::TellCanary(const json::Value& request, const admin::Server::Send& send) {
  const std::string* image = request.FindString("image");
  json::Writer line;
  line.Text("outcome", image != nullptr ? parts_.reports.CanaryOutcome(*image) : "").Boolean("done", true);
  (void)send(line);
}

}  // namespace pullseal::daemon
