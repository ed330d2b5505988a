// SPDX-License-Identifier: Apache-2.0
#include "node/install/install.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/crypto/hash.h"
#include "node/install/containerd_note.h"
#include "node/install/limits.h"
#include "node/install/plan.h"
#include "node/install/services.h"
#include "node/install/undo.h"
#include "node/install/version.h"

namespace pullseal::install {
namespace {

namespace fs = std::filesystem;

// Where a policy that is not in force yet lies, where the daemon can read it.
constexpr std::string_view kCandidate = "/etc/pullseal/.candidate";

bool IsGuard(const std::string& path) { return path.find("pullseal-guard") != std::string::npos; }
bool IsKubelet(const std::string& path) { return path == kKubeletDropIn; }

Outcome Failed(const std::string& why) {
  Outcome out;
  out.error = why;
  return out;
}

// One installation, upgrade or change of settings, from looking at the node to the end of its transaction.
class Installation {
 public:
  Installation(const Host& host, const InstallOptions& options, const Tell& tell)
      : host_(host), options_(options), tell_(tell) {}

  Outcome Run() {
    if (const Status ready = Prepare(); !ready) return Failed(ready.error().message);
    if (options_.dry_run) return DryRun();
    auto anything = ChangesAnything();
    if (!anything) return Failed(anything.error().message);
    if (!*anything) return Nothing();
    if (const Status judged = JudgeCandidate(); !judged) return Refused(judged.error().message);
    if (const Status guarded = ArmGuard(); !guarded) return Failed(guarded.error().message);
    auto transaction =
        Transaction::Begin(host_, From().empty() ? "install" : "upgrade", From(), wanted_.version, std::move(changes_));
    if (!transaction) return Failed(transaction.error().message);
    const Status made = Make(*transaction);
    if (made) return Done();
    tell_("FAILED: " + made.error().message);
    Outcome out = Undo(host_, *transaction, tell_);
    out.denials = std::move(denials_);
    out.error = made.error().message + (out.error.empty() ? "" : "; and undoing it failed: " + out.error);
    return out;
  }

 private:
  std::string From() const { return facts_.installed ? facts_.installed->version : std::string(); }

  Status Prepare() {
    auto facts = Look(host_, options_.mode);
    if (!facts) return facts.error();
    facts_ = std::move(*facts);
    if (options_.must_exist && !facts_.installed) {
      return Error{ErrorCode::kInvalid,
                   "nothing is installed that could be upgraded; `pullseal node install` installs"};
    }
    tell_("node: " +
          (facts_.kubelet ? "kubelet of " + std::string(Text(facts_.kubelet->kind))
                          : std::string("no kubelet looked at")) +
          ", containerd " + facts_.containerd + ", systemd " + std::to_string(facts_.systemd));
    if (const Status read = ReadWantedSettings(); !read) return read;
    const bool in_use = options_.source.empty() && facts_.installed;
    auto version = in_use             ? Result<std::string>(From())
                   : options_.dry_run ? VersionOf(options_.source)
                                      : Stage(host_, options_.source);
    if (!version) return version.error();
    wanted_.version = *version;
    wanted_.folder = options_.dry_run && !in_use ? options_.source : host_.Path(VersionFolder(*version));
    wanted_.mode = options_.mode;
    tell_("version " + *version + (*version == From() ? " is in use" : " is unpacked and its files are whole"));
    auto changes = PlanChanges(host_, facts_, wanted_);
    if (!changes) return changes.error();
    changes_ = std::move(*changes);
    return AddInstalled();
  }

  Status ReadWantedSettings() {
    const std::string folder = options_.settings.empty() ? host_.Path(kSettings) : options_.settings;
    if (options_.settings.empty() && !host_.Exists(kSettings)) {
      return Error{ErrorCode::kInvalid, "there is no policy yet: say --settings FOLDER, with a policy.yaml in it"};
    }
    auto files = ReadSettings(folder);
    if (!files) return files.error().In("settings");
    wanted_.settings = std::move(*files);
    if (!wanted_.settings.contains("config.yaml")) {
      auto there = ReadFile(host_.Path(std::string(kSettings) + "/config.yaml"), limits::kSettingsFileBytes);
      wanted_.settings["config.yaml"] =
          there && facts_.installed ? *there : DefaultConfig(host_, facts_.process ? &*facts_.process : nullptr);
    }
    std::string scratch = fs::temp_directory_path().string() + "/pullseal-settings-XXXXXX";
    if (::mkdtemp(scratch.data()) == nullptr) return Error{ErrorCode::kUnavailable, "no temporary folder: " + scratch};
    const Status good = CheckSettings(wanted_.settings, scratch);
    std::error_code ignored;
    fs::remove_all(scratch, ignored);
    if (good) return good;
    // The reader wants to know which of his files it is, not where it was laid out.
    std::string message = good.error().message;
    if (const auto at = message.find(scratch + "/"); at != std::string::npos) message.erase(at, scratch.size() + 1);
    return Error{good.error().code, "settings: " + message};
  }

  // The note of what stands, with what was there before the first installation, is a change like the others.
  Status AddInstalled() {
    Installed note{wanted_.version, wanted_.mode, FormatTime(SystemClock().Now()), {}};
    if (facts_.installed) note.original = facts_.installed->original;
    if (facts_.installed) note.since = facts_.installed->since;
    for (const Change& one : changes_) {
      if (note.original.before.contains(one.path)) continue;
      auto before = host_.Look(one.path);
      if (!before) return before.error();
      note.original.before.emplace(one.path, std::move(*before));
      for (fs::path folder = fs::path(one.path).parent_path(); folder != folder.root_path();
           folder = folder.parent_path()) {
        if (host_.Exists(folder.string()) || folder.string().starts_with(kFolder)) break;
        auto& list = note.original.folders;
        if (std::find(list.begin(), list.end(), folder.string()) == list.end()) list.push_back(folder.string());
      }
    }
    std::sort(note.original.folders.begin(), note.original.folders.end());
    changes_.push_back(Change{std::string(kInstalledFile), FileWith(InstalledText(note), 0600)});
    return {};
  }

  Outcome DryRun() {
    for (const Change& one : changes_) {
      auto now = host_.Look(one.path);
      if (!now) return Failed(now.error().message);
      if (*now == one.after || one.path == kInstalledFile) continue;
      const char* what = one.after.kind == FileState::Kind::kAbsent ? "would remove "
                         : now->kind == FileState::Kind::kAbsent    ? "would write  "
                                                                    : "would change ";
      tell_(what + one.path + (one.after.kind == FileState::Kind::kLink ? " -> " + one.after.text : ""));
      if (IsKubelet(one.path)) tell_("would restart kubelet.service:\n" + one.after.text);
    }
    Outcome out;
    out.done = true;
    out.version = From();
    return out;
  }

  // A later policy is judged before it goes in, by the daemon that runs: what it would newly deny stops it.
  Status JudgeCandidate() {
    if (!facts_.installed || options_.settings.empty()) return {};
    auto before = JudgeRunning(host_, "");
    if (!before) {
      tell_("the daemon does not answer, so the policy is judged once it does: " + before.error().message);
      return {};
    }
    if (const Status laid = WriteFiles(wanted_.settings, host_.Path(kCandidate)); !laid) return laid;
    auto after = JudgeAll(std::string(kCandidate) + "/policy.yaml");
    std::error_code ignored;
    fs::remove_all(host_.Path(kCandidate), ignored);
    if (!after) return after.error();
    judged_ = true;
    for (const Denial& one : *after) {
      const bool was =
          std::any_of(before->begin(), before->end(), [&](const Denial& old) { return old.what == one.what; });
      if (!was) denials_.push_back(one);
    }
    return ConsiderDenials();
  }

  Result<std::vector<Denial>> JudgeAll(const std::string& policy) {
    auto out = JudgeRunning(host_, policy);
    if (!out || options_.agent_image.empty()) return out;
    auto agent = JudgeImage(host_, options_.agent_image, options_.agent_namespace, policy);
    if (!agent) return agent;
    out->insert(out->end(), agent->begin(), agent->end());
    return out;
  }

  Status ConsiderDenials() {
    for (const Denial& one : denials_) {
      tell_("would not run again: " + one.what + " (" + one.image +
            "): " + (one.rule.empty() ? "" : "rule \"" + one.rule + "\": ") + one.reason + ": " + one.message);
    }
    if (denials_.empty() || options_.accept_denials) return {};
    return Error{ErrorCode::kInvalid, "the policy would not let " + std::to_string(denials_.size()) +
                                          " of the things that run here run again; change it, or say --accept-denials"};
  }

  Outcome Refused(const std::string& why) {
    Outcome out = Failed(why);
    out.version = From();
    out.denials = std::move(denials_);
    return out;
  }

  Result<bool> ChangesAnything() const {
    for (const Change& one : changes_) {
      auto now = host_.Look(one.path);
      if (!now) return now.error();
      if (*now != one.after) return true;
    }
    return false;
  }

  // Every file is as it shall be; what runs may not be.
  Outcome Nothing() {
    (void)host_.Systemctl({"start", "pullseal.socket", "pullseal-admin.socket", "pullseal-doctor.timer"});
    Status good = CheckGate(host_);
    if (good) good = BringKubelet();
    if (!good) return Failed("nothing is to be changed, but: " + good.error().message);
    tell_("nothing is to be changed");
    Outcome out;
    out.done = true;
    out.version = From();
    return out;
  }

  // From the moment there is a transaction somebody must see to it. Until the guard's own units are in place, which are
  // part of the change, they stand in /run.
  Status ArmGuard() {
    if (facts_.installed) return {};
    for (const Change& one : changes_) {
      if (!IsGuard(one.path) || one.after.kind != FileState::Kind::kFile) continue;
      const std::string path = std::string(kRuntimeUnits) + fs::path(one.path).filename().string();
      std::error_code ignored;
      fs::create_directories(host_.Path(kRuntimeUnits), ignored);
      if (const Status put = host_.Put(path, one.after); !put) return put;
    }
    if (Status s = host_.Systemctl({"daemon-reload"}); !s) return s;
    return host_.Systemctl({"start", "pullseal-guard.path"});
  }

  Status Step(Transaction& transaction, const std::string& name) {
    tell_(name);
    return transaction.Enter(host_, name);
  }

  Status Make(Transaction& transaction) {
    // What decides whether the daemon has to be started anew.
    const bool restart = From() != wanted_.version || transaction.Touches(std::string(kUnits) + "pullseald.service") ||
                         transaction.Touches("/etc/pullseal/config.yaml");
    const bool kubelet = transaction.Touches(kKubeletDropIn);
    if (Status s = Step(transaction, "the guard takes over"); !s) return s;
    if (Status s = transaction.Apply(host_, IsGuard); !s) return s;
    if (Status s = Step(transaction, "files, units and settings are written"); !s) return s;
    if (Status s = transaction.Apply(host_, [](const std::string& path) { return !IsKubelet(path); }); !s) return s;
    if (Status s = host_.Systemctl({"daemon-reload"}); !s) return s;
    auto folders = host_.Command({"systemd-tmpfiles", "--create", host_.Path("/etc/tmpfiles.d/pullseal.conf")});
    if (!folders) return folders.error();
    // The daemon sees no containerd program; without the note it reads the files.
    if (const auto noted = NoteContainerd(host_, facts_.containerd); !noted) {
      tell_("containerd's configuration cannot be noted: " + noted.error().message);
    }

    if (Status s = Step(transaction, restart ? "the daemon is started" : "the daemon reads its policy again"); !s)
      return s;
    if (Status s = host_.Systemctl({"start", "pullseal.socket", "pullseal-admin.socket"}); !s) return s;
    if (Status s = host_.Systemctl({restart ? "restart" : "reload-or-restart", "pullseald.service"}); !s) {
      return s.error().In("the daemon does not start");
    }
    if (Status s = Step(transaction, "the gate is tried: CRI answers through it, the canary is refused"); !s) return s;
    const std::string& policy = wanted_.settings.at("policy.yaml");
    const std::string sha256 = HexEncode(crypto::Digest(crypto::Hash::kSha256, AsBytes(policy)));
    if (Status s = WaitForPolicy(host_, sha256); !s) return s;
    if (Status s = CheckGate(host_); !s) return s;
    if (Status s = JudgeNow(); !s) return s;
    if (Status s = SwitchKubelet(transaction, kubelet); !s) return s;
    if (Status s = Step(transaction, "the change stands"); !s) return s;
    (void)host_.Systemctl({"start", "pullseal-doctor.timer"});
    return transaction.End(host_);
  }

  // The first policy, and one that could not be judged before.
  Status JudgeNow() {
    if (judged_ || (facts_.installed && options_.settings.empty())) return {};
    auto all = JudgeAll("");
    if (!all) return all.error();
    denials_ = std::move(*all);
    return ConsiderDenials();
  }

  // To us as a proxy; from a proxy that becomes a plugin, back to containerd.
  Status SwitchKubelet(Transaction& transaction, bool restart) {
    const bool proxy = wanted_.mode == Mode::kProxy;
    if (!proxy && !restart) return {};
    const std::string socket(proxy ? kCriSocket : kContainerdSocket);
    if (restart) {
      if (Status s = Step(transaction, "kubelet is switched to " + socket); !s) return s;
      if (Status s = transaction.Apply(host_, IsKubelet); !s) return s;
      if (Status s = RestartKubelet(); !s) return s;
    }
    if (Status s = Step(transaction, "the node is watched: kubelet healthy, by " + socket); !s) return s;
    if (Status s = WatchKubelet(host_, socket, options_.watch); !s) return s;
    return CheckGate(host_);
  }

  Status RestartKubelet() {
    if (Status s = host_.Systemctl({"daemon-reload"}); !s) return s;
    if (Status s = host_.Systemctl({"restart", "kubelet.service"}); !s) return s.error().In("kubelet does not start");
    return {};
  }

  // The files are right, but the kubelet that runs was started by others.
  Status BringKubelet() {
    if (wanted_.mode != Mode::kProxy) return {};
    const bool ours =
        facts_.process && MeansSocket(facts_.process->runtime_endpoint, kCriSocket) &&
        (facts_.process->image_endpoint.empty() || MeansSocket(facts_.process->image_endpoint, kCriSocket));
    if (ours) return {};
    tell_("kubelet does not run as its unit says, and is restarted");
    if (Status s = RestartKubelet(); !s) return s;
    const Status well = WatchKubelet(host_, std::string(kCriSocket), options_.watch);
    if (well) return well;
    return Error{well.error().code,
                 well.error().message + "; is there another drop-in of kubelet.service behind ours?"};
  }

  Outcome Done() {
    DropRuntimeGuard(host_);
    DropVersions(host_, {wanted_.version, LinkedVersion(host_, kPrevious)});
    tell_("version " + wanted_.version +
          (wanted_.mode == Mode::kProxy ? " stands between kubelet and containerd" : " judges what containerd pulls"));
    Outcome out;
    out.done = true;
    out.changed = true;
    out.version = wanted_.version;
    out.denials = std::move(denials_);
    return out;
  }

  const Host& host_;
  const InstallOptions& options_;
  const Tell& tell_;
  Facts facts_;
  Wanted wanted_;
  std::vector<Change> changes_;
  std::vector<Denial> denials_;
  bool judged_ = false;
};

}  // namespace

Outcome Install(const Host& host, const InstallOptions& options, const Tell& tell) {
  if (options.dry_run) return Installation(host, options, tell).Run();
  auto lock = Lock::Take(host, false);
  if (!lock) return Failed(lock.error().message);
  if (const Status clean = UndoUnfinished(host, tell); !clean) return Failed(clean.error().message);
  return Installation(host, options, tell).Run();
}

Outcome Rollback(const Host& host, std::chrono::seconds watch, const Tell& tell) {
  const std::string previous = LinkedVersion(host, kPrevious);
  if (previous.empty()) return Failed("there is no version before the one in use");
  auto installed = FindInstalled(host);
  if (!installed) return Failed(installed.error().message);
  InstallOptions options;
  options.source = host.Path(VersionFolder(previous));
  options.must_exist = true;
  options.watch = watch;
  if (*installed) options.mode = (*installed)->mode;
  return Install(host, options, tell);
}

}  // namespace pullseal::install
