// SPDX-License-Identifier: Apache-2.0
// `pullseal node` and `pullseal doctor`, in the programs that have them not.
#include "programs/pullseal/hand_over.h"
#include "programs/pullseal/node_commands.h"

namespace pullseal::cli {
namespace {
constexpr char kProgram[] = "pullseal-node";
}  // namespace

int NodeInstall(NodeOptions) { return HandOver(kProgram); }
int NodeUninstall(NodeOptions) { return HandOver(kProgram); }
int NodeRollback(const NodeOptions&) { return HandOver(kProgram); }
int NodeGuard(const NodeOptions&) { return HandOver(kProgram); }
int NodeStatus(const NodeOptions&) { return HandOver(kProgram); }
int NodeAgent(const agent::AgentOptions&) { return HandOver(kProgram); }
int Doctor(const NodeOptions&) { return HandOver(kProgram); }

}  // namespace pullseal::cli
