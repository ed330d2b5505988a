// SPDX-License-Identifier: Apache-2.0
#include "node/doctor/doctor.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "adapters/probe/probe.h"
#include "core/base/bytes.h"
#include "core/crypto/hash.h"
#include "core/json/value.h"
#include "node/doctor/containerd.h"
#include "node/doctor/limits.h"
#include "node/doctor/plugin.h"
#include "node/doctor/sockets.h"
#include "node/install/containerd_note.h"
#include "node/install/install.h"
#include "node/install/kubelet.h"
#include "node/install/limits.h"
#include "node/install/version.h"
#include "node/install/watch.h"
#include "reports/admin/client.h"
#include "reports/audit/audit_log.h"

namespace pullseal::doctor {
namespace {

using install::kContainerdSocket;

std::string Member(const json::Value* value, std::string_view name) {
  const std::string* found = value != nullptr ? value->FindString(name) : nullptr;
  return found != nullptr ? Printable(*found, 400) : std::string();
}

bool IsTrue(const json::Value* value, std::string_view name) {
  const json::Value* found = value != nullptr ? value->Find(name) : nullptr;
  return found != nullptr && found->boolean() != nullptr && *found->boolean();
}

std::string Sha256OfFile(const std::string& path) {
  auto text = ReadFile(path, limits::kImageFileBytes);
  return text ? HexEncode(crypto::Digest(crypto::Hash::kSha256, AsBytes(*text))) : std::string();
}

// One examination: each member function is one check and adds its finding.
class Examination {
 public:
  Examination(const install::Host& host, const Options& options) : host_(host), options_(options) {}

  Report Run() {
    report_.time = SystemClock().Now();
    LookAtInstallation();
    AskDaemon();
    if (mode_ == install::Mode::kProxy) {
      LookAtKubelet();
    } else {
      for (Finding& one : LookAtPlugin(host_, containerd_version_, report_.version))
        report_.findings.push_back(std::move(one));
    }
    LookAtDaemon();
    LookAtPolicy();
    if (mode_ == install::Mode::kProxy) SendCanary();
    if (mode_ == install::Mode::kProxy) LookAround();
    LookAtClients();
    LookAtContainerd();
    LookAtContainerdNote();
    LookAtClock();
    LookAtDisk();
    LookAtAudit();
    return std::move(report_);
  }

 private:
  void Add(const char* check, Grade grade, std::string text, bool proof = false) {
    report_.findings.push_back(Finding{check, grade, std::move(text), proof});
  }

  void LookAtInstallation() {
    const auto installed = install::FindInstalled(host_);
    const auto transaction = install::Transaction::Find(host_);
    report_.version = install::LinkedVersion(host_, install::kCurrent);
    auto version =
        probe::AskVersion(host_.Path(kContainerdSocket), std::chrono::steady_clock::now() + limits::kDoctorCall);
    if (version) containerd_version_ = version->version;
    if (installed && *installed) mode_ = (*installed)->mode;
    if (!installed || !transaction) {
      return Add("installation", Grade::kBad, (installed ? transaction.error() : installed.error()).message, true);
    }
    if (!*installed) {
      return Add("installation", Grade::kBad, "nothing is installed: run `pullseal node install`", true);
    }
    if (*transaction) {
      return Add("installation", Grade::kWarning,
                 "a change is under way: " + (*transaction)->kind() + ", " + (*transaction)->step(), true);
    }
    if (const Status whole = install::CheckVersion(host_.Path(install::VersionFolder(report_.version))); !whole) {
      return Add("installation", Grade::kBad, "files were changed since: " + whole.error().message, true);
    }
    Add("installation", Grade::kGood, "version " + report_.version + ", its files are whole", true);
  }

  void AskDaemon() {
    json::Writer request;
    request.Text("command", "status");
    const Status asked = admin::Ask(host_.Path(install::kAdminSocket), request,
                                    [&](const json::Value& line, const std::string&) { status_ = line; });
    if (!asked) why_no_status_ = asked.error().message;
  }

  void LookAtKubelet() {
    const auto kubelets = install::FindKubelets(host_);
    if (kubelets.empty()) return Add("kubelet", Grade::kBad, "no kubelet runs on this node", true);
    for (const install::KubeletProcess& one : kubelets) {
      for (const std::string& endpoint : {one.runtime_endpoint, one.image_endpoint}) {
        if (endpoint.empty() || install::MeansSocket(endpoint, install::kCriSocket)) continue;
        return Add("kubelet", Grade::kBad,
                   "kubelet (pid " + std::to_string(one.pid) + ") does not use pullseal but " +
                       Printable(endpoint, 200) +
                       ": what it starts is not judged; `pullseal node install` puts that right",
                   true);
      }
    }
    Add("kubelet", Grade::kGood,
        "kubelet (pid " + std::to_string(kubelets.front().pid) + ") uses pullseal for containers and images", true);
  }

  void LookAtDaemon() {
    if (!status_) return Add("daemon", Grade::kBad, why_no_status_, true);
    const json::Value* pid = status_->Find("pid");
    const auto number = pid != nullptr ? pid->integer() : std::nullopt;
    const std::string runs = number ? Sha256OfFile(host_.Path("/proc/" + std::to_string(*number) + "/exe")) : "";
    const std::string installed =
        Sha256OfFile(host_.Path(install::VersionFolder(report_.version)) + "/usr/bin/pullseald");
    if (runs.empty() || runs != installed) {
      return Add("daemon", Grade::kBad,
                 "the daemon that answers is not the one that is installed: restart pullseald.service", true);
    }
    if (const json::Value* glass = status_->Find("break_glass")) {
      return Add("daemon", Grade::kBad,
                 "BREAK-GLASS is open until " + Member(glass, "until") + ": nothing is refused (" +
                     Member(glass, "reason") + ")",
                 true);
    }
    Add("daemon", Grade::kGood, "the installed daemon answers, up since " + Member(&*status_, "started"), true);
  }

  void LookAtPolicy() {
    const json::Value* policy = status_ ? status_->Find("policy") : nullptr;
    if (policy == nullptr) return Add("policy", Grade::kBad, "unknown: the daemon does not answer", true);
    if (!IsTrue(policy, "in_force")) {
      return Add("policy", Grade::kBad,
                 "none is in force, so every pull, create and start is refused: " + Member(policy, "refused"), true);
    }
    const std::string sha256 = Member(policy, "sha256");
    const std::string what = Member(policy, "name") + " version " + Member(policy, "version") + ", sha256 " +
                             sha256.substr(0, 12) + ", in force since " + Member(policy, "loaded");
    if (Member(policy, "mode") == "audit")
      return Add("policy", Grade::kWarning, what + "; it is in AUDIT mode: nothing is refused", true);
    if (const std::string refused = Member(policy, "refused"); !refused.empty()) {
      return Add("policy", Grade::kWarning, what + "; the file on disk is refused: " + refused);
    }
    if (Sha256OfFile(host_.Path("/etc/pullseal/policy.yaml")) != sha256) {
      return Add("policy", Grade::kWarning, what + "; the file on disk is another one");
    }
    Add("policy", Grade::kGood, what, true);
  }

  void SendCanary() {
    const auto deadline = std::chrono::steady_clock::now() + limits::kDoctorCall;
    if (const auto version = probe::AskVersion(host_.Path(install::kCriSocket), deadline); !version) {
      return Add("canary", Grade::kBad, "containerd does not answer through pullseal: " + version.error().message,
                 true);
    }
    const auto canary = install::SendCanary(host_);
    if (!canary) return Add("canary", Grade::kBad, "could not be sent: " + canary.error().message, true);
    if (!canary->judged) {
      return Add("canary", Grade::kBad, "the daemon never saw what was sent to the socket that kubelet uses", true);
    }
    if (canary->refused && canary->outcome == "deny signature-invalid") {
      return Add("canary", Grade::kGood, "a forged image was refused on the socket that kubelet uses", true);
    }
    const bool audit = canary->outcome == "would-deny signature-invalid";
    Add("canary", audit ? Grade::kWarning : Grade::kBad,
        audit ? "a forged image was recorded and not refused: nothing is refused now"
              : "a forged image came to: " + canary->outcome,
        true);
  }

  void LookAround() {
    json::Writer request;
    request.Text("command", "running").Boolean("judge", false);
    std::vector<std::string> around;
    std::int64_t before = 0;
    const Status asked =
        admin::Ask(host_.Path(install::kAdminSocket), request, [&](const json::Value& line, const std::string&) {
          const std::string way = Member(&line, "way");
          if (way == "before") ++before;
          if (way == "around")
            around.push_back(Member(&line, "namespace") + "/" + Member(&line, "pod") + "/" +
                             Member(&line, "container"));
        });
    if (!asked) return Add("around", Grade::kWarning, "unknown: " + asked.error().message);
    if (!around.empty()) {
      std::string names;
      for (std::size_t i = 0; i < std::min<std::size_t>(around.size(), 5); ++i)
        names += (i == 0 ? "" : ", ") + around[i];
      return Add("around", Grade::kBad,
                 std::to_string(around.size()) + " containers run that were created around pullseal: " + names);
    }
    Add("around", Grade::kGood,
        "every running container came through pullseal" +
            (before == 0 ? std::string() : ", but " + std::to_string(before) + " that are older than it"));
  }

  void LookAtClients() {
    auto clients = ClientsOf(host_.Path(kContainerdSocket));
    if (!clients) return Add("containerd-clients", Grade::kWarning, clients.error().message);
    std::string others;
    for (const Process& one : *clients) {
      if (one.name == "pullseald" || one.name == "kubelet" || one.name == "containerd") continue;
      others += (others.empty() ? "" : ", ") + Printable(one.name, 40) + " (pid " + std::to_string(one.pid) + ")";
    }
    if (others.empty())
      return Add("containerd-clients", Grade::kGood,
                 "nobody but kubelet's statistics and pullseal talks to containerd");
    Add("containerd-clients", Grade::kWarning,
        "these talk to containerd directly, and what they start is not judged: " + others);
  }

  void LookAtContainerd() {
    if (containerd_version_.empty()) return Add("containerd", Grade::kBad, "containerd does not answer");
    auto dump = host_.Command({"containerd", "config", "dump"});
    const auto settings = dump ? ParseContainerdDump(*dump) : Result<ContainerdSettings>(dump.error());
    std::string text = "containerd " + containerd_version_;
    if (!settings)
      return Add("containerd", Grade::kWarning,
                 text + "; its configuration cannot be read: " + settings.error().message);
    text += ", snapshotter " +
            (settings->snapshotter.empty() ? std::string("unknown") : Printable(settings->snapshotter, 60));
    if (!VerifiersCoverCri(containerd_version_)) {
      text += "; its own image verifiers would never be asked for pods (2.1 and newer do)";
    } else if (!settings->passes_by.empty()) {
      text += "; its own image verifiers would be passed by, because of:";
      for (const std::string& one : settings->passes_by) text += " " + one + ";";
    }
    Add("containerd", Grade::kGood, text);
  }

  void LookAtContainerdNote() {
    const auto found = FindNote();
    if (!found) {
      return Add("containerd-config", Grade::kWarning,
                 "what containerd has configured cannot be noted: " + found.error().message +
                     "; what was noted last stays, and without it the daemon reads the files");
    }
    const containerd::Settings& settings = found->settings;
    const auto tell = [](const std::optional<containerd::Setting>& one) {
      return one ? Printable(one->value, 200) + " (from " + Printable(one->from, 200) + ")" : std::string("not said");
    };
    const std::string text =
        "pause image " + tell(settings.sandbox_image) + ", folders of hosts.toml " + tell(settings.config_path);
    if (found->newer.empty()) return Add("containerd-config", Grade::kGood, text);
    Add("containerd-config", Grade::kWarning,
        Printable(found->newer, 200) + " was changed after containerd started and counts when it is restarted; until " +
            "then: " + text);
  }

  Result<containerd::Note> FindNote() const {
    if (options_.note_containerd) return install::NoteContainerd(host_, containerd_version_);
    auto noted = install::FindContainerdNote(host_);
    if (!noted) return Error{ErrorCode::kNotFound, "nothing is noted yet"};
    return std::move(*noted);
  }

  void LookAtClock() {
    timex time{};
    const int state = ::adjtimex(&time);
    if (state == TIME_ERROR || (time.status & STA_UNSYNC) != 0) {
      return Add("clock", Grade::kWarning,
                 "nothing keeps this node's clock right: signatures and exceptions are judged by it");
    }
    Add("clock", Grade::kGood, "is kept in step");
  }

  void LookAtDisk() {
    const json::Value* audit = status_ ? status_->Find("audit") : nullptr;
    if (IsTrue(audit, "disk_full"))
      return Add("disk", Grade::kBad, "is full: the audit log is written into its reserve");
    for (const char* folder : {"/var/log/pullseal", "/var/lib/pullseal"}) {
      struct statvfs info {};
      if (::statvfs(host_.Path(folder).c_str(), &info) != 0) continue;
      const std::uint64_t free = std::uint64_t{info.f_bavail} * info.f_frsize;
      if (free < limits::kLowDiskBytes) {
        return Add("disk", Grade::kWarning, std::string(folder) + " has " + std::to_string(free >> 20) + " MiB left");
      }
    }
    Add("disk", Grade::kGood, "has room for logs and evidence");
  }

  void LookAtAudit() {
    const std::string file = host_.Path("/var/log/pullseal/audit.jsonl");
    const std::string head = Member(status_ ? status_->Find("audit") : nullptr, "head");
    if (!options_.whole_audit_log) {
      // The daemon goes on writing; what it last told must be near the end of the file.
      auto size = std::error_code();
      const bool there = std::filesystem::file_size(file, size) > 0 && !size;
      return Add("audit", there ? Grade::kGood : Grade::kBad, there ? "head " + head : "there is no audit log");
    }
    const auto verified = audit::VerifyLog(file, "");
    if (!verified) return Add("audit", Grade::kBad, "the chain is broken: " + verified.error().message);
    Add("audit", Grade::kGood, std::to_string(verified->records) + " records, the chain is whole, head " + head);
  }

  const install::Host& host_;
  const Options options_;
  Report report_;
  install::Mode mode_ = install::Mode::kProxy;
  std::string containerd_version_;
  std::optional<json::Value> status_;
  std::string why_no_status_ = "the daemon does not answer";
};

}  // namespace

Report Examine(const install::Host& host, const Options& options) { return Examination(host, options).Run(); }

}  // namespace pullseal::doctor
