// SPDX-License-Identifier: Apache-2.0
#include "node/agent/agent.h"

#include <unistd.h>

#include <cstdio>
#include <optional>
#include <thread>

#include "core/base/bytes.h"
#include "core/base/mutex.h"
#include "core/json/value.h"
#include "node/agent/audit_follower.h"
#include "node/agent/limits.h"
#include "node/agent/taint.h"
#include "node/doctor/doctor.h"
#include "node/install/host.h"
#include "reports/admin/client.h"
#include "reports/metrics/server.h"

namespace pullseal::agent {
namespace {

// One line at a time, whole, from either thread.
class Output {
 public:
  bool Put(const std::string& lines) {
    const MutexLock lock(mutex_);
    for (std::size_t done = 0; done < lines.size();) {
      const ssize_t put = ::write(STDOUT_FILENO, lines.data() + done, lines.size() - done);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return false;
      done += static_cast<std::size_t>(put);
    }
    return true;
  }
  void Tell(const std::string& outcome, const std::string& message) {
    json::Writer line;
    line.Text("time", FormatTime(SystemClock().Now())).Text("action", "agent").Text("outcome", outcome);
    line.Text("message", message);
    (void)Put(line.Finish() + "\n");
  }

 private:
  Mutex mutex_;
};

class Agent {
 public:
  explicit Agent(const AgentOptions& options)
      : options_(options),
        applier_(host_, options.apply, clock_),
        follower_("/var/log/pullseal/audit.jsonl", "/opt/pullseal/agent/cursor",
                  [this](const std::string& lines) { return output_.Put(lines); }) {}

  int Run(const std::atomic<bool>& stopping) {
    auto server = metrics::Server::Start(
        options_.listen, [this] { return Metrics(); }, [this] { return IsReady(); });
    if (!server) {
      std::fprintf(stderr, "pullseal: %s\n", server.error().message.c_str());
      return 1;
    }
    std::thread shipping([&] { Ship(stopping); });
    while (!stopping) {
      const Applied applied = applier_.Apply();
      Note(applied);
      LiftTaint();
      Pause(limits::kAgentRound, stopping);
    }
    shipping.join();
    return 0;
  }

 private:
  static void Pause(std::chrono::seconds time, const std::atomic<bool>& stopping) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!stopping && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }

  // Says what changed, and no more.
  void Note(const Applied& applied) {
    const MutexLock lock(mutex_);
    if (applied.message != applied_.message || applied.done != applied_.done) {
      output_.Tell(applied.done ? "allow" : "deny", applied.message);
    }
    applied_ = applied;
  }

  void Ship(const std::atomic<bool>& stopping) {
    auto head_at = std::chrono::steady_clock::now();
    while (!stopping) {
      (void)follower_.Follow();
      if (std::chrono::steady_clock::now() >= head_at) {
        ShipHead();
        head_at += limits::kHeadRound;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
  }

  // Where it stands elsewhere, the log cannot be shortened unnoticed.
  void ShipHead() {
    json::Writer request;
    request.Text("command", "status");
    (void)admin::Ask(host_.Path(install::kAdminSocket), request, [this](const json::Value& line, const std::string&) {
      const json::Value* audit = line.Find("audit");
      const std::string* head = audit != nullptr ? audit->FindString("head") : nullptr;
      if (head == nullptr) return;
      json::Writer out;
      out.Text("time", FormatTime(clock_.Now())).Text("action", "head").Text("head", *head);
      (void)output_.Put(out.Finish() + "\n");
    });
  }

  std::optional<doctor::Report> ReadReport() const {
    const auto text = ReadFile(host_.Path("/run/pullseal/doctor/report.json"), limits::kReportBytes);
    auto report = text ? doctor::FromJson(*text) : Result<doctor::Report>(text.error());
    if (!report || !report->fresh(clock_.Now())) return std::nullopt;
    return std::move(*report);
  }

  bool IsReady() const {
    if (options_.apply.uninstall) {
      const MutexLock lock(mutex_);
      return applied_.done;
    }
    const auto report = ReadReport();
    return report && (report->proven() || (options_.audit_is_ready && report->audits()));
  }

  std::string Metrics() const {
    std::string out;
    json::Writer request;
    request.Text("command", "metrics");
    const Status asked =
        admin::Ask(host_.Path(install::kAdminSocket), request, [&](const json::Value& line, const std::string&) {
          if (const std::string* text = line.FindString("text")) out += *text;
        });
    if (!asked) out.clear();
    if (const auto report = ReadReport()) out += doctor::ToMetrics(*report);
    const MutexLock lock(mutex_);
    out += "# TYPE pullseal_agent_daemon_answers gauge\npullseal_agent_daemon_answers " +
           std::string(asked ? "1" : "0") + "\n";
    out +=
        "# TYPE pullseal_agent_applied gauge\npullseal_agent_applied " + std::string(applied_.done ? "1" : "0") + "\n";
    out += "# TYPE pullseal_agent_audit_sequence gauge\npullseal_agent_audit_sequence " +
           std::to_string(follower_.sequence()) + "\n";
    return out;
  }

  Result<bool> AskForTaint() const {
    const auto server = FindApiServer();
    if (!server) return server.error();
    return agent::LiftTaint(*http::MakeCurlHttp(server->roots), *server, options_.node_name, options_.taint, clock_);
  }

  void LiftTaint() {
    if (options_.taint.empty()) return;
    const auto report = ReadReport();
    const auto lifted = taint_.Round(report && report->proven());
    if (!lifted) return;
    if (!lifted->ok()) {
      return output_.Tell("unavailable", "the taint " + options_.taint + " stays: " + lifted->error().message);
    }
    output_.Tell("allow", **lifted ? "the node enforces: its taint " + options_.taint + " is lifted"
                                   : "the node has no taint " + options_.taint);
  }

  const AgentOptions options_;
  const install::Host host_;
  const SystemClock clock_;
  Output output_;
  Applier applier_;
  AuditFollower follower_;  // of the shipping thread, but for its number
  TaintWatch taint_{[this] { return AskForTaint(); }, clock_};
  mutable Mutex mutex_;
  Applied applied_ PULLSEAL_GUARDED_BY(mutex_);
};

}  // namespace

int RunAgent(const AgentOptions& options, const std::atomic<bool>& stopping) { return Agent(options).Run(stopping); }

}  // namespace pullseal::agent
