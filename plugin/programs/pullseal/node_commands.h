// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_NODE_COMMANDS_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_NODE_COMMANDS_H_

#include <string>

#include "node/agent/agent.h"
#include "node/install/install.h"

// `pullseal node ...`: what is on this node and how it came there. They run on the node itself, as root. Exit status: 0
// done, 1 refused or undone, 2 the node is left in between (the guard goes on with it).
namespace pullseal::cli {

struct NodeOptions {
  install::InstallOptions install;
  install::UninstallOptions uninstall;
  bool plugin = false;
  int watch_seconds = 90;
  std::string report;  // file for the outcome as JSON; empty: none
  bool json = false;
};

int NodeInstall(NodeOptions options);
int NodeUninstall(NodeOptions options);
int NodeRollback(const NodeOptions& options);
int NodeGuard(const NodeOptions& options);
int NodeStatus(const NodeOptions& options);
// NodeAgent runs until SIGTERM or SIGINT.
int NodeAgent(const agent::AgentOptions& options);
// Doctor examines the node: 0 all is good, 1 something is bad, 2 it could not look.
int Doctor(const NodeOptions& options);

}  // namespace pullseal::cli

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_NODE_COMMANDS_H_
