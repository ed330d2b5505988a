// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_AGENT_TAINT_H_
#define PULLSEAL_NODE_AGENT_TAINT_H_

#include <functional>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/http/http.h"

namespace pullseal::agent {

// ApiServer is the cluster's API server as a pod finds it.
struct ApiServer {
  std::string base;   // https://HOST:PORT
  Secret token;       // of the pod's service account
  std::string roots;  // file with its authority
};
// FindApiServer reads what Kubernetes puts into every pod that may speak to it (Kubernetes, "Accessing the Kubernetes
// API from a Pod"). kUnavailable where this is none.
Result<ApiServer> FindApiServer();

// LiftTaint removes the taint with the key `key` from the node: it reads the node and patches it only if nobody changed
// its taints in between (RFC 6902, "test"). Whether the node had the taint. Takes the rights to get and patch nodes.
Result<bool> LiftTaint(http::Http& http, const ApiServer& server, const std::string& node_name, const std::string& key,
                       const Clock& clock);

// TaintWatch lifts the taint from a node that is proven to enforce, each time it is there: node pools put it back. It
// asks at most once in limits::kTaintRound, and never where the node is not proven. One thread.
class TaintWatch {
 public:
  // Lifts the taint; whether it was there.
  using Lift = std::function<Result<bool>()>;

  TaintWatch(Lift lift, const Clock& clock) : lift_(std::move(lift)), clock_(clock) {}

  // What came of a look: whether the taint was there, or why that is not known. Absent where nothing was asked, and
  // where the same was said before: the taint's absence, or the same error.
  std::optional<Result<bool>> Round(bool proven);

 private:
  const Lift lift_;
  const Clock& clock_;
  std::optional<SteadyTime> next_;
  std::optional<std::string> said_;  // the error, or empty for "not there"
};

}  // namespace pullseal::agent

#endif  // PULLSEAL_NODE_AGENT_TAINT_H_
