// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_PLAN_H_
#define PULLSEAL_NODE_INSTALL_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "node/install/install.h"
#include "node/install/kubelet.h"
#include "node/install/settings.h"

namespace pullseal::install {

inline constexpr std::string_view kInstalledFile = "/opt/pullseal/node/installed.json";
inline constexpr std::string_view kUnits = "/etc/systemd/system/";
inline constexpr std::string_view kPluginFile = "/opt/containerd/image-verifier/bin/pullseal-image-verifier";

// Facts is what a node is like before a change.
struct Facts {
  std::optional<Installed> installed;
  std::optional<KubeletUnit> kubelet;     // absent in plugin mode where there is no kubelet.service
  std::optional<KubeletProcess> process;  // the one that runs
  int systemd = 0;                        // major version
  std::string containerd;                 // its version
};

// Look finds out, and refuses a node that it does not understand, with a sentence that says why.
Result<Facts> Look(const Host& host, Mode mode);

// Wanted is what a node shall be.
struct Wanted {
  std::string version;
  std::string folder;  // where this process finds the version's files
  Mode mode = Mode::kProxy;
  SettingsFiles settings;
};

// PlanChanges returns every path that a node which is as `wanted` has, and the absence of what an earlier version had
// besides. The order is the one in which they are made.
Result<std::vector<Change>> PlanChanges(const Host& host, const Facts& facts, const Wanted& wanted);

// ToJson of what is installed, for kInstalledFile.
std::string InstalledText(const Installed& installed);

}  // namespace pullseal::install

#endif  // PULLSEAL_NODE_INSTALL_PLAN_H_
