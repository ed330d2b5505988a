// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_AGENT_SYSTEMD_H_
#define PULLSEAL_NODE_AGENT_SYSTEMD_H_

#include <string>
#include <vector>

#include "core/base/result.h"

namespace pullseal::agent {

// StartOnNode has the systemd whose private socket is `socket` (/run/systemd/private) run `arguments` as a oneshot unit
// of the name `unit`, in its own namespaces and with its rights, and does not wait for the end
// (org.freedesktop.systemd1(5), StartTransientUnit). systemd-run(1) would do, but refuses to speak to a systemd outside
// its own PID namespace. kUnavailable, also if a unit of that name runs.
Status StartOnNode(const std::string& socket, const std::string& unit, const std::vector<std::string>& arguments);

}  // namespace pullseal::agent

#endif  // PULLSEAL_NODE_AGENT_SYSTEMD_H_
