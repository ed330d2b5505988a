// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_INSTALL_H_
#define PULLSEAL_NODE_INSTALL_INSTALL_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "node/install/host.h"
#include "node/install/transaction.h"
#include "node/install/watch.h"

// Putting pullseal on a node and taking it away. Every change is one Transaction: it is finished, or everything is put
// back, be it by the same process or, if that was killed, by the guard that systemd holds.
namespace pullseal::install {

// kProxy stands between kubelet and containerd; kPlugin leaves the kubelet alone and is containerd's image verifier.
enum class Mode { kProxy, kPlugin };
std::string_view Text(Mode mode);

struct InstallOptions {
  std::string source;    // an image's root file system; empty: the version that is installed
  std::string settings;  // folder with policy.yaml, its keys, and perhaps config.yaml; empty: what /etc/pullseal has
  Mode mode = Mode::kProxy;
  std::string agent_image;      // which must be allowed too; empty: none
  std::string agent_namespace;  // of its pod
  bool accept_denials = false;  // though something that runs would not run again
  bool dry_run = false;
  bool must_exist = false;  // an upgrade: there must be an installation
  std::chrono::seconds watch{90};
};

// Installed is what stands on a node.
struct Installed {
  std::string version;
  Mode mode = Mode::kProxy;
  std::string since;  // RFC 3339
  Record original;    // what was there before the first installation
};
// Absent if nothing is installed. kInvalid if what was written down cannot be read.
Result<std::optional<Installed>> FindInstalled(const Host& host);

// Told each step in words.
using Tell = std::function<void(const std::string& line)>;

// Outcome is how a change ended. Where it failed, everything was put back, unless `error` says otherwise.
struct Outcome {
  bool done = false;
  bool changed = false;
  std::string version;          // in use now; empty: none
  std::string error;            // why it was not done
  std::vector<Denial> denials;  // what would not run again
};

// Install installs, upgrades or changes settings, whatever the node needs to be as `options` want; nothing if it is.
Outcome Install(const Host& host, const InstallOptions& options, const Tell& tell);

// Rollback returns to the version before the one in use, as an upgrade does.
Outcome Rollback(const Host& host, std::chrono::seconds watch, const Tell& tell);

struct UninstallOptions {
  bool keep_logs = false;
  bool dry_run = false;
  std::chrono::seconds watch{90};
};
// Uninstall gives the kubelet back to containerd and leaves nothing behind.
Outcome Uninstall(const Host& host, const UninstallOptions& options, const Tell& tell);

// Guard waits until no change is under way, and undoes one that was left unfinished.
Outcome Guard(const Host& host, const Tell& tell);

}  // namespace pullseal::install

#endif  // PULLSEAL_NODE_INSTALL_INSTALL_H_
