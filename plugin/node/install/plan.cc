// SPDX-License-Identifier: Apache-2.0
#include "node/install/plan.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>

#include "adapters/probe/probe.h"
#include "core/base/bytes.h"
#include "core/json/value.h"
#include "node/install/limits.h"
#include "node/install/version.h"

namespace pullseal::install {
namespace {

constexpr int kOldestSystemd = 247;

Error NotUnderstood(const std::string& why) {
  return Error{ErrorCode::kInvalid, "this node is not understood: " + why};
}

Result<int> SystemdVersion(const Host& host) {
  auto text = host.Command({"systemctl", "--version"});
  if (!text) return NotUnderstood("there is no systemd: " + text.error().message);
  int version = 0;
  const std::size_t space = text->find(' ');
  if (space != std::string::npos) {
    std::from_chars(text->data() + space + 1, text->data() + text->size(), version);
  }
  if (version < kOldestSystemd) {
    return NotUnderstood("its systemd is older than " + std::to_string(kOldestSystemd) + " (" +
                         Printable(text->substr(0, text->find('\n')), 80) + ")");
  }
  return version;
}

Status CheckEndpoint(const std::string& what, const std::string& endpoint) {
  if (endpoint.empty() || MeansSocket(endpoint, kContainerdSocket) || MeansSocket(endpoint, kCriSocket)) return {};
  return NotUnderstood("kubelet's " + what + " endpoint is " + Printable(endpoint, 200) + ", not containerd's socket");
}

Status LookAtKubelet(const Host& host, Facts& facts) {
  auto unit = host.Command({"systemctl", "cat", "kubelet.service"});
  // A drop-in that was removed, and systemd has not heard of it.
  if (!unit && host.Systemctl({"daemon-reload"})) unit = host.Command({"systemctl", "cat", "kubelet.service"});
  if (!unit) return NotUnderstood("it has no kubelet.service (" + unit.error().message + ")");
  auto parsed = ParseKubeletUnit(*unit);
  if (!parsed) return NotUnderstood(parsed.error().message);
  facts.kubelet = std::move(*parsed);
  const auto processes = FindKubelets(host);
  if (processes.size() > 1) return NotUnderstood("several kubelets run on it");
  // With us on the node, its kubelet may be down because of us, and this be the way out.
  if (processes.empty() && facts.installed) return {};
  if (processes.empty())
    return NotUnderstood("no kubelet runs; start it first, so that it can be seen to go on working");
  facts.process = processes.front();
  if (Status s = CheckEndpoint("runtime", facts.process->runtime_endpoint); !s) return s;
  return CheckEndpoint("image service", facts.process->image_endpoint);
}

// A unit file of the version, its placeholder filled in.
Result<FileState> UnitFile(const std::string& folder, const std::string& name, std::string_view placeholder = {},
                           const std::string& text = {}) {
  auto file = ReadFile(folder + "/usr/lib/pullseal/systemd/" + name, limits::kNodeFileBytes);
  if (!file) return file.error();
  if (!placeholder.empty()) {
    const std::size_t at = file->find(placeholder);
    if (at == std::string::npos) return Error{ErrorCode::kInvalid, name + " has no " + std::string(placeholder)};
    file->replace(at, placeholder.size(), text);
  }
  return FileWith(std::move(*file));
}

class Planner {
 public:
  Planner(const Host& host, const Facts& facts, const Wanted& wanted) : host_(host), facts_(facts), wanted_(wanted) {}

  Result<std::vector<Change>> Plan() {
    // The guard first: from then on somebody sees to it.
    Unit("pullseal-guard.service", "pullseal-guard.service.in", "@VERSION@", wanted_.version);
    Unit("pullseal-guard.path", "pullseal-guard.path");
    Enable("multi-user.target.wants", "pullseal-guard.path");
    for (const auto& [name, text] : wanted_.settings) Add(std::string(kSettings) + "/" + name, FileWith(text, 0600));
    Unit("pullseald.service", "pullseald.service.in", "@VERSION@", wanted_.version);
    for (const char* name :
         {"pullseal.socket", "pullseal-admin.socket", "pullseal-doctor.service", "pullseal-doctor.timer"}) {
      Unit(name, name);
    }
    BindProvider();
    Enable("multi-user.target.wants", "pullseald.service");
    Enable("sockets.target.wants", "pullseal.socket");
    Enable("sockets.target.wants", "pullseal-admin.socket");
    Enable("timers.target.wants", "pullseal-doctor.timer");
    FromVersion("/etc/tmpfiles.d/pullseal.conf", "/usr/lib/pullseal/systemd/pullseal.tmpfiles.conf", 0644);
    FromVersion(std::string(kWrapper), "/usr/lib/pullseal/wrapper", 0755);
    Links();
    if (wanted_.mode == Mode::kPlugin) FromVersion(std::string(kPluginFile), "/usr/bin/pullseal-image-verifier", 0755);
    if (wanted_.mode == Mode::kProxy) {
      Add(std::string(kKubeletDropIn), UnitFile(wanted_.folder, "kubelet.service.d/99-pullseal.conf.in", "@OVERRIDE@",
                                                EndpointOverride(*facts_.kubelet, kCriSocket)));
    }
    DropWhatWas();
    if (error_) return *error_;
    return std::move(changes_);
  }

 private:
  void Add(std::string path, FileState after) { changes_.push_back(Change{std::move(path), std::move(after)}); }
  void Add(std::string path, Result<FileState> after) {
    if (!after && !error_) error_ = after.error();
    if (after) Add(std::move(path), std::move(*after));
  }
  void Unit(const std::string& name, const std::string& source, std::string_view placeholder = {},
            const std::string& text = {}) {
    Add(std::string(kUnits) + name, UnitFile(wanted_.folder, source, placeholder, text));
  }
  void Enable(const std::string& target, const std::string& unit) {
    Add(std::string(kUnits) + target + "/" + unit, LinkTo("../" + unit));
  }
  void FromVersion(std::string path, const std::string& source, unsigned mode) {
    auto text = ReadFile(wanted_.folder + source, limits::kNodeFileBytes);
    Add(std::move(path), text ? Result<FileState>(FileWith(std::move(*text), mode)) : Result<FileState>(text.error()));
  }

  // Kubelet's credential providers where the unit does not expect them.
  void BindProvider() {
    if (!facts_.process || facts_.process->provider_folder.empty()) return;
    std::string lines;
    for (const std::string& path : {facts_.process->provider_config, facts_.process->provider_folder}) {
      const bool bound = path.starts_with("/etc/") || path == "/var/lib/kubelet/credential-provider";
      if (path.starts_with('/') && path.find_first_of(" \t\n:\"\\%") == std::string::npos && !bound) {
        lines += "BindReadOnlyPaths=-" + path + "\n";
      }
    }
    if (lines.empty()) return;
    Add(std::string(kUnits) + "pullseald.service.d/10-node.conf",
        FileWith("# Where this node's kubelet has its credential providers. Written by `pullseal node install`.\n"
                 "[Service]\n" +
                 lines));
  }

  void Links() {
    const std::string before = facts_.installed ? facts_.installed->version : std::string();
    std::string previous = LinkedVersion(host_, kPrevious);
    if (!before.empty() && before != wanted_.version) previous = before;
    if (!previous.empty() && previous != wanted_.version) Add(std::string(kPrevious), LinkTo("versions/" + previous));
    Add(std::string(kCurrent), LinkTo("versions/" + wanted_.version));
  }

  // What an earlier version or other settings had besides goes back to what it was before us.
  void DropWhatWas() {
    if (!facts_.installed) return;
    for (const auto& [path, state] : facts_.installed->original.before) {
      const bool kept =
          path == kInstalledFile || path == kPrevious ||
          std::any_of(changes_.begin(), changes_.end(), [&path = path](const Change& one) { return one.path == path; });
      if (!kept) Add(path, state);
    }
  }

  const Host& host_;
  const Facts& facts_;
  const Wanted& wanted_;
  std::vector<Change> changes_;
  std::optional<Error> error_;
};

}  // namespace

Result<Facts> Look(const Host& host, Mode mode) {
  Facts out;
  auto installed = FindInstalled(host);
  if (!installed) return installed.error();
  out.installed = std::move(*installed);
  if (!out.installed && host.Exists(kKubeletDropIn)) {
    return NotUnderstood(
        std::string(kKubeletDropIn) +
        " is there, but no note of what was before it; taken for a first "
        "installation, a failure would leave this node without pullseal. Remove that file if you mean it");
  }
  auto systemd = SystemdVersion(host);
  if (!systemd) return systemd.error();
  out.systemd = *systemd;
  const auto deadline = std::chrono::steady_clock::now() + limits::kDoctorCall;
  auto version = probe::AskVersion(host.Path(kContainerdSocket), deadline);
  if (!version) return NotUnderstood("containerd does not answer: " + version.error().message);
  if (version->name != "containerd") return NotUnderstood("its runtime is " + Printable(version->name, 80));
  out.containerd = version->version;
  if (mode == Mode::kProxy) {
    if (const Status kubelet = LookAtKubelet(host, out); !kubelet) return kubelet.error();
  }
  return out;
}

Result<std::vector<Change>> PlanChanges(const Host& host, const Facts& facts, const Wanted& wanted) {
  return Planner(host, facts, wanted).Plan();
}

std::string_view Text(Mode mode) { return mode == Mode::kProxy ? "proxy" : "plugin"; }

std::string InstalledText(const Installed& installed) {
  json::Writer out;
  out.Text("version", installed.version).Text("mode", Text(installed.mode)).Text("since", installed.since);
  out.Text("original", ToJson(installed.original));
  return out.Finish() + "\n";
}

Result<std::optional<Installed>> FindInstalled(const Host& host) {
  auto text = ReadFile(host.Path(kInstalledFile), limits::kTransactionBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::optional<Installed>();
  if (!text) return text.error();
  const auto parsed = json::Parse(*text);
  const auto member = [&](std::string_view name) {
    const std::string* found = parsed ? parsed->FindString(name) : nullptr;
    return found != nullptr ? *found : std::string();
  };
  auto original = RecordFromJson(member("original"));
  if (!original) return original.error().In(std::string(kInstalledFile));
  Installed out{member("version"), member("mode") == "plugin" ? Mode::kPlugin : Mode::kProxy, member("since"),
                std::move(*original)};
  return std::optional(std::move(out));
}

}  // namespace pullseal::install
