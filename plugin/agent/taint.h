#ifndef PULLSEAL_AGENT_TAINT_H_
#define PULLSEAL_AGENT_TAINT_H_

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace pullseal::agent {

// LiftTaint removes the taint with the key `key` from the node, by the API server that this pod's service account leads
// to (Kubernetes, "Accessing the Kubernetes API from a Pod"): it reads the node and patches it only if nobody changed
// its taints in between. Whether the node had the taint. Takes the rights to get and patch nodes.
Result<bool> LiftTaint(const std::string& node_name, const std::string& key, const Clock& clock);

}  // namespace pullseal::agent

#endif  // PULLSEAL_AGENT_TAINT_H_
