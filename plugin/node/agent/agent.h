// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_AGENT_AGENT_H_
#define PULLSEAL_NODE_AGENT_AGENT_H_

#include <atomic>
#include <string>

#include "node/agent/apply.h"

namespace pullseal::agent {

struct AgentOptions {
  ApplyOptions apply;
  std::string listen = "0.0.0.0:9465";  // metrics, /healthz and /readyz
  std::string node_name;                // for the taint
  std::string taint;                    // lifted from the node once it is proven to enforce; empty: none
  bool audit_is_ready = false;          // ready also where nothing is refused because the policy is in audit mode
};

// RunAgent is the DaemonSet's pod: it keeps the node as wanted, hands the audit log on to standard output with its head
// each minute, serves the daemon's metrics with its own, and is ready while the node's own doctor has proven, within
// limits::kReportAge, that it enforces. Runs until `stopping`. Returns the exit status.
int RunAgent(const AgentOptions& options, const std::atomic<bool>& stopping);

}  // namespace pullseal::agent

#endif  // PULLSEAL_NODE_AGENT_AGENT_H_
