// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_SETTINGS_H_
#define PULLSEAL_NODE_INSTALL_SETTINGS_H_

#include <map>
#include <string>

#include "core/base/result.h"
#include "node/install/kubelet.h"

namespace pullseal::install {

// What an operator wants in /etc/pullseal: config.yaml, policy.yaml, and the keys and trusted roots beside it, by path
// relative to it.
using SettingsFiles = std::map<std::string, std::string>;

// ReadSettings reads a folder, also one that a ConfigMap is mounted at (its ..data is passed over): at most
// limits::kSettingsFiles files, two folders deep. kLimit, kUnavailable.
Result<SettingsFiles> ReadSettings(const std::string& folder);

// DefaultConfig is the configuration for a node whose operator brings none: labels and credential providers as the
// node's kubelet has them.
std::string DefaultConfig(const Host& host, const KubeletProcess* kubelet);

// CheckSettings reads policy and configuration as the daemon would. The places that the units fix (sockets, state,
// audit log, policy) must be the usual ones. kInvalid says file, line and reason. Uses `scratch`, an empty folder, to
// lay the files out.
Status CheckSettings(const SettingsFiles& files, const std::string& scratch);

// WriteFiles lays the files out in `folder`, which is emptied before, for root only.
Status WriteFiles(const SettingsFiles& files, const std::string& folder);

}  // namespace pullseal::install

#endif  // PULLSEAL_NODE_INSTALL_SETTINGS_H_
