// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseal/node_commands.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/file.h"
#include "core/json/value.h"
#include "node/doctor/doctor.h"
#include "node/install/host.h"
#include "node/install/transaction.h"
#include "node/install/version.h"

namespace pullseal::cli {
namespace {

constexpr int kGood = 0;
constexpr int kRefused = 1;
constexpr int kInBetween = 2;

// Prints each step as it is taken, numbered, and keeps it for the report.
class Steps {
 public:
  explicit Steps(bool quiet) : quiet_(quiet) {}
  install::Tell Tell() {
    return [this](const std::string& line) {
      lines_.push_back(line);
      if (quiet_) return;
      std::printf("%2zu. %s\n", lines_.size(), line.c_str());
      std::fflush(stdout);
    };
  }
  std::string Json() const {
    std::string out;
    for (const std::string& line : lines_) out += (out.empty() ? "" : ",") + json::Quote(line);
    return "[" + out + "]";
  }

 private:
  const bool quiet_;
  std::vector<std::string> lines_;
};

std::string ToJson(const install::Outcome& outcome, const Steps& steps) {
  std::string denials;
  for (const install::Denial& one : outcome.denials) {
    json::Writer line;
    line.Text("what", one.what).Text("image", one.image).Text("rule", one.rule).Text("reason", one.reason);
    line.Text("message", one.message);
    denials += (denials.empty() ? "" : ",") + line.Finish();
  }
  json::Writer out;
  out.Boolean("done", outcome.done).Boolean("changed", outcome.changed).Text("version", outcome.version);
  out.Text("error", outcome.error).Raw("denials", "[" + denials + "]").Raw("steps", steps.Json());
  return out.Finish();
}

int Conclude(const NodeOptions& options, const install::Outcome& outcome, const Steps& steps) {
  const std::string text = ToJson(outcome, steps);
  if (options.json) std::printf("%s\n", text.c_str());
  if (!options.report.empty()) {
    if (const Status written = WriteFile(options.report, text + "\n", 0644); !written) {
      std::fprintf(stderr, "pullseal: %s\n", written.error().message.c_str());
    }
  }
  if (outcome.done) return kGood;
  std::fprintf(stderr, "pullseal: %s\n", outcome.error.c_str());
  auto unfinished = install::Transaction::Find(install::Host());
  return unfinished && !*unfinished ? kRefused : kInBetween;
}

bool IsRoot() {
  if (::geteuid() == 0) return true;
  std::fprintf(stderr, "pullseal: changing a node takes root\n");
  return false;
}

// The image this program came in: the wrapper of an unpacked one says so.
std::string OwnImage() {
  const char* root = std::getenv("PULLSEAL_ROOT");
  return root != nullptr ? root : "";
}

}  // namespace

int NodeInstall(NodeOptions options) {
  if (!IsRoot()) return kRefused;
  if (options.install.source.empty()) options.install.source = OwnImage();
  options.install.mode = options.plugin ? install::Mode::kPlugin : install::Mode::kProxy;
  options.install.watch = std::chrono::seconds(options.watch_seconds);
  Steps steps(options.json);
  return Conclude(options, install::Install(install::Host(), options.install, steps.Tell()), steps);
}

int NodeUninstall(NodeOptions options) {
  if (!IsRoot()) return kRefused;
  options.uninstall.watch = std::chrono::seconds(options.watch_seconds);
  Steps steps(options.json);
  const install::Outcome outcome = install::Uninstall(install::Host(), options.uninstall, steps.Tell());
  // Nothing is left behind, a report neither, where it lay in what was removed.
  if (outcome.done && options.report.starts_with(install::kFolder)) options.report.clear();
  return Conclude(options, outcome, steps);
}

int NodeRollback(const NodeOptions& options) {
  if (!IsRoot()) return kRefused;
  Steps steps(options.json);
  return Conclude(options,
                  install::Rollback(install::Host(), std::chrono::seconds(options.watch_seconds), steps.Tell()), steps);
}

int NodeGuard(const NodeOptions& options) {
  if (!IsRoot()) return kRefused;
  Steps steps(options.json);
  return Conclude(options, install::Guard(install::Host(), steps.Tell()), steps);
}

int NodeStatus(const NodeOptions& options) {
  const install::Host host;
  auto installed = install::FindInstalled(host);
  auto transaction = install::Transaction::Find(host);
  if (!installed || !transaction) {
    std::fprintf(stderr, "pullseal: %s\n", (installed ? transaction.error() : installed.error()).message.c_str());
    return kInBetween;
  }
  const std::string current = install::LinkedVersion(host, install::kCurrent);
  const std::string previous = install::LinkedVersion(host, install::kPrevious);
  if (options.json) {
    json::Writer out;
    out.Boolean("installed", installed->has_value()).Text("version", current).Text("previous", previous);
    out.Text("mode", *installed ? install::Text((*installed)->mode) : "")
        .Text("since", *installed ? (*installed)->since : "");
    out.Text("under_way", *transaction ? (*transaction)->kind() + ": " + (*transaction)->step() : "");
    std::printf("%s\n", out.Finish().c_str());
    return kGood;
  }
  if (*transaction) {
    std::printf("UNDER WAY: %s to %s, at \"%s\"\n", (*transaction)->kind().c_str(), (*transaction)->to().c_str(),
                (*transaction)->step().c_str());
  }
  if (!*installed) {
    std::printf("pullseal is not installed on this node\n");
    return kGood;
  }
  std::printf("version:  %s, as %s, on this node since %s\n", current.c_str(),
              std::string(install::Text((*installed)->mode)).c_str(), (*installed)->since.c_str());
  std::printf("before:   %s\n", previous.empty() ? "no other version" : previous.c_str());
  std::printf("`pullseal doctor` says whether it enforces, `pullseal status` what the daemon does\n");
  return kGood;
}

int NodeAgent(const agent::AgentOptions& options) {
  if (!IsRoot()) return kRefused;
  if (options.apply.settings.empty() && !options.apply.uninstall) {
    std::fprintf(stderr, "pullseal: the agent needs --settings\n");
    return kRefused;
  }
  // Waited for by one thread; every other one starts with them blocked.
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  static std::atomic<bool> stopping{false};
  std::thread([set] {
    int signal = 0;
    ::sigwait(&set, &signal);
    stopping = true;
  }).detach();
  return agent::RunAgent(options, stopping);
}

int Doctor(const NodeOptions& options) {
  if (!IsRoot()) return kInBetween;
  const doctor::Report report = doctor::Examine(
      install::Host(),
      doctor::Options{.whole_audit_log = options.report.empty(), .note_containerd = !options.report.empty()});
  std::printf("%s%s", (options.json ? doctor::ToJson(report) : doctor::ToText(report)).c_str(),
              options.json ? "\n" : "");
  if (!options.report.empty()) {
    if (const Status written = WriteFile(options.report, doctor::ToJson(report) + "\n", 0644); !written) {
      std::fprintf(stderr, "pullseal: %s\n", written.error().message.c_str());
      return kInBetween;
    }
  }
  return report.bad() ? kRefused : kGood;
}

}  // namespace pullseal::cli
