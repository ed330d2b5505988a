// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "core/json/value.h"
#include "node/install/install.h"
#include "node/install/kubelet.h"
#include "node/install/plan.h"
#include "node/install/services.h"
#include "node/install/transaction.h"
#include "node/install/undo.h"
#include "node/install/watch.h"
#include "reports/admin/client.h"

namespace pullseal::install {
namespace {

namespace fs = std::filesystem;

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

// What is noted in containerd of where images came from; nobody else reads it, so it may stay where that cannot be
// done.
void ForgetNotes(const Host& host, const Tell& tell) {
  json::Writer request;
  request.Text("command", "forget-notes");
  const Status asked = admin::Ask(host.Path(kAdminSocket), request, [](const json::Value&, const std::string&) {});
  if (!asked) tell("notes of where images came from stay in containerd's namespace pullseal: " + asked.error().message);
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
  ForgetNotes(host, tell);
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

}  // namespace pullseal::install
