// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_WATCH_H_
#define PULLSEAL_NODE_INSTALL_WATCH_H_

#include <chrono>
#include <string>
#include <vector>

#include "node/install/host.h"

namespace pullseal::install {

// Denial is one thing on the node that a policy would not let run again.
struct Denial {
  std::string what;  // the pause image, a container with its pod, the agent's image
  std::string image;
  std::string rule;
  std::string reason;
  std::string message;
};

// CanaryAnswer is what became of a canary sent through the socket that kubelet uses.
struct CanaryAnswer {
  bool refused = false;  // to the caller
  bool judged = false;   // by the daemon behind the admin socket
  std::string outcome;   // as that daemon recorded it: "deny signature-invalid"
};

// SendCanary sends a canary of its own name. Under a policy in audit mode it is judged, and not refused by us.
// kTimeout, kUnreachable.
Result<CanaryAnswer> SendCanary(const Host& host);

// CheckGate says whether what listens on our socket answers for containerd, has a policy, and judges a canary. The
// error says what it does not.
Status CheckGate(const Host& host);

// WaitForPolicy waits until the policy whose file has the SHA-256 `sha256` is in force, for a few rounds of the
// daemon's look at its files. The error says what the daemon has against it.
Status WaitForPolicy(const Host& host, const std::string& sha256);

// JudgeRunning asks the daemon what of the node's running containers and its pause image would be refused: by the
// policy in force, or by the file `policy` (as the daemon sees it) if that is not empty.
Result<std::vector<Denial>> JudgeRunning(const Host& host, const std::string& policy);

// JudgeImage asks the daemon whether `image` may be pulled for `pod_namespace`, by the same policies. Empty if it may.
Result<std::vector<Denial>> JudgeImage(const Host& host, const std::string& image, const std::string& pod_namespace,
                                       const std::string& policy);

// WatchKubelet waits until kubelet has run for limits::kKubeletSteady without restart, healthy by its own word, with
// `socket` as its endpoint. Fails after `most` with what was wrong last.
Status WatchKubelet(const Host& host, const std::string& socket, std::chrono::seconds most);

}  // namespace pullseal::install

#endif  // PULLSEAL_NODE_INSTALL_WATCH_H_
