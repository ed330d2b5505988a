#include "node/undo.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "node/kubelet.h"
#include "node/plan.h"
#include "node/version.h"

namespace pullseal::node {
namespace {

namespace fs = std::filesystem;

// Whether kubelet, by what its unit says now, shall speak to us.
bool KubeletIsOurs(const Host& host) { return host.Exists(kKubeletDropIn); }

// Restarts kubelet unless it runs as its unit says already.
Status BringKubelet(const Host& host, const Tell& tell) {
  const bool ours = KubeletIsOurs(host);
  const auto running = FindKubelets(host);
  const bool uses_ours = !running.empty() && MeansSocket(running.front().runtime_endpoint, kCriSocket);
  if (!running.empty() && uses_ours == ours) return {};
  tell(ours ? "kubelet is switched to pullseal" : "kubelet is switched back to containerd");
  return host.Systemctl({"restart", "kubelet.service"});
}

Status StopAll(const Host& host, const Tell& tell) {
  tell("the daemon is stopped");
  for (const char* unit : {"pullseal-doctor.timer", "pullseal-doctor.service", "pullseal.socket",
                           "pullseal-admin.socket", "pullseald.service"}) {
    // A unit whose file is gone can still be stopped; one that never was cannot, which is as well.
    (void)host.Systemctl({"stop", unit});
    (void)host.Systemctl({"reset-failed", unit});
  }
  // Not the folder itself: a pod may have it mounted, and would see nothing of one made anew.
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(host.Path("/run/pullseal"), ignored)) {
    std::error_code stays;
    fs::remove_all(entry.path(), stays);
  }
  return {};
}

Status StartAll(const Host& host, const Tell& tell) {
  tell("the version before it is started");
  if (Status s = host.Systemctl({"start", "pullseal.socket", "pullseal-admin.socket"}); !s) return s;
  return host.Systemctl({"restart", "pullseald.service"});
}

Status BringBack(const Host& host, const Transaction& transaction, const Tell& tell) {
  tell("everything is put back as it was before");
  if (Status s = transaction.PutBack(host); !s) return s;
  if (Status s = host.Systemctl({"daemon-reload"}); !s) return s;
  const bool kubelet = transaction.Touches(kKubeletDropIn);
  if (transaction.from().empty()) {
    if (kubelet) {
      if (Status s = BringKubelet(host, tell); !s) return s;
    }
    if (Status s = StopAll(host, tell); !s) return s;
  } else {
    if (Status s = StartAll(host, tell); !s) return s;
    if (kubelet) {
      if (Status s = BringKubelet(host, tell); !s) return s;
    }
  }
  if (Status s = transaction.End(host); !s) return s;
  // The last thing: as long as there is something to undo, the guard must be able to.
  if (transaction.from().empty()) {
    (void)host.Systemctl({"stop", "pullseal-guard.path"});
    DropRuntimeGuard(host);
    (void)host.Systemctl({"daemon-reload"});
  }
  return {};
}

// The guard's units are ours by their name, also where an uninstallation died after the last of its notes was gone.
void DropGuard(const Host& host) {
  (void)host.Systemctl({"stop", "pullseal-guard.path"});
  for (const char* path :
       {"multi-user.target.wants/pullseal-guard.path", "pullseal-guard.path", "pullseal-guard.service"}) {
    (void)host.Put(std::string(kUnits) + path, FileState());
  }
}

// Removes what no file of the installation is: state, logs, versions.
void RemoveRest(const Host& host, bool keep_logs) {
  std::error_code ignored;
  fs::remove_all(host.Path("/var/lib/pullseal"), ignored);
  if (!keep_logs) fs::remove_all(host.Path("/var/log/pullseal"), ignored);
  // What an operator put into /etc/pullseal himself is his.
  fs::remove_all(host.Path(std::string(kSettings) + "/.candidate"), ignored);
  fs::remove_all(host.Path("/run/pullseal"), ignored);
  // Out of the way at once: the program that does this lies in it.
  const std::string aside = host.Path(std::string(kFolder) + ".removed");
  fs::remove_all(aside, ignored);
  fs::rename(host.Path(kFolder), aside, ignored);
  fs::remove_all(aside, ignored);
}

// The folders that were made for us, innermost first; what holds something of others stays.
void RemoveFolders(const Host& host, const Record& original) {
  for (auto folder = original.folders.rbegin(); folder != original.folders.rend(); ++folder) {
    ::rmdir(host.Path(*folder).c_str());
  }
}

Status MakeUninstalled(const Host& host, Transaction& transaction, const Record& original,
                       const UninstallOptions& options, const Tell& tell) {
  const auto step = [&](const std::string& name) {
    tell(name);
    return transaction.Enter(host, name);
  };
  if (transaction.Touches(kKubeletDropIn)) {
    if (Status s = step("kubelet is given back to containerd"); !s) return s;
    if (Status s = transaction.Apply(host, [](const std::string& path) { return path == kKubeletDropIn; }); !s)
      return s;
    if (Status s = host.Systemctl({"daemon-reload"}); !s) return s;
    if (Status s = BringKubelet(host, tell); !s) return s;
    if (Status s = step("the node is watched: kubelet healthy without us"); !s) return s;
    if (Status s = WatchKubelet(host, std::string(kContainerdSocket), options.watch); !s) return s;
  }
  if (Status s = step("daemon, units and files are removed"); !s) return s;
  (void)StopAll(host, tell);
  // The guard last: until its own files go, it undoes what is left half done.
  const auto guard = [](const std::string& path) { return path.find("pullseal-guard") != std::string::npos; };
  if (Status s = transaction.Apply(host, [&](const std::string& path) { return !guard(path); }); !s) return s;
  // While there is a note of them: whoever finishes this for us has none.
  RemoveFolders(host, original);
  tell("the guard goes");
  if (Status s = transaction.End(host); !s) return s;
  DropGuard(host);
  if (Status s = transaction.Apply(host, guard); !s) return s;
  return host.Systemctl({"daemon-reload"});
}

}  // namespace

void DropRuntimeGuard(const Host& host) {
  for (const char* name : {"pullseal-guard.service", "pullseal-guard.path"}) {
    (void)host.Put(std::string(kRuntimeUnits) + name, FileState());
  }
}

Outcome Undo(const Host& host, const Transaction& transaction, const Tell& tell) {
  Outcome out;
  out.version = transaction.from();
  if (const Status back = BringBack(host, transaction, tell); !back) out.error = back.error().message;
  return out;
}

Status UndoUnfinished(const Host& host, const Tell& tell) {
  auto found = Transaction::Find(host);
  if (!found) return found.error();
  if (!*found) return {};
  tell("a change that was left unfinished (" + (*found)->kind() + " of " +
       ((*found)->to().empty() ? (*found)->from() : (*found)->to()) + ", at \"" + (*found)->step() + "\") is undone");
  const Outcome undone = Undo(host, **found, tell);
  return undone.error.empty() ? Status() : Status(Error{ErrorCode::kUnavailable, undone.error});
}

Outcome Guard(const Host& host, const Tell& tell) {
  Outcome out;
  auto lock = Lock::Take(host, true);
  const Status undone = lock ? UndoUnfinished(host, tell) : Status(lock.error());
  out.done = static_cast<bool>(undone);
  if (!undone) out.error = undone.error().message;
  return out;
}

Outcome Uninstall(const Host& host, const UninstallOptions& options, const Tell& tell) {
  Outcome out;
  const auto fail = [&](const Error& error) {
    out.error = error.message;
    return out;
  };
  if (!host.Exists(kFolder)) {
    tell("nothing is installed");
    out.done = true;
    return out;
  }
  auto lock = Lock::Take(host, false);
  if (!lock) return fail(lock.error());
  if (const Status clean = UndoUnfinished(host, tell); !clean) return fail(clean.error());
  auto installed = FindInstalled(host);
  if (!installed) return fail(installed.error());
  Record original = *installed ? (*installed)->original : Record();
  std::vector<Change> changes;
  for (const auto& [path, state] : original.before) changes.push_back(Change{path, state});
  changes.push_back(Change{std::string(kInstalledFile), FileState()});
  if (options.dry_run) {
    for (const Change& one : changes) {
      tell((one.after.kind == FileState::Kind::kAbsent ? "would remove " : "would restore ") + one.path);
    }
    out.done = true;
    return out;
  }
  if (*installed) {
    auto transaction = Transaction::Begin(host, "uninstall", (*installed)->version, "", std::move(changes));
    if (!transaction) return fail(transaction.error());
    if (const Status made = MakeUninstalled(host, *transaction, original, options, tell); !made) {
      tell("FAILED: " + made.error().message);
      out = Undo(host, *transaction, tell);
      out.error = made.error().message + (out.error.empty() ? "" : "; and undoing it failed: " + out.error);
      return out;
    }
  }
  if (!*installed) {
    DropGuard(host);
    (void)host.Systemctl({"daemon-reload"});
  }
  RemoveRest(host, options.keep_logs);
  RemoveFolders(host, original);
  tell("pullseal is gone from this node");
  out.done = true;
  out.changed = true;
  return out;
}

}  // namespace pullseal::node
