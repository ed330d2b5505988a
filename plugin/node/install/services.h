// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_SERVICES_H_
#define PULLSEAL_NODE_INSTALL_SERVICES_H_

#include "node/install/install.h"

// The units of a node that are ours or hang on us, brought to what their files say. Each may be killed and repeated;
// the lock must be held.
namespace pullseal::install {

// Units that a reboot takes away.
inline constexpr std::string_view kRuntimeUnits = "/run/systemd/system/";

// BringKubelet restarts kubelet unless it runs as its unit says already.
Status BringKubelet(const Host& host, const Tell& tell);

// StopAll stops the daemon with its sockets and timer, and empties /run/pullseal. What cannot be stopped is passed
// over.
Status StopAll(const Host& host, const Tell& tell);
// StartAll starts the version whose unit files are in place.
Status StartAll(const Host& host, const Tell& tell);

// DropGuard stops the guard and removes its units, which are ours by their name, also where an uninstallation died
// after the last of its notes was gone.
void DropGuard(const Host& host);
// DropRuntimeGuard removes those that a first installation has until its lasting ones are in place.
void DropRuntimeGuard(const Host& host);

}  // namespace pullseal::install

#endif  // PULLSEAL_NODE_INSTALL_SERVICES_H_
