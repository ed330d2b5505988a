// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_AGENT_APPLY_H_
#define PULLSEAL_NODE_AGENT_APPLY_H_

#include <string>

#include "core/base/clock.h"
#include "node/install/host.h"
#include "node/install/settings.h"

namespace pullseal::agent {

struct ApplyOptions {
  std::string image_root;  // of this pod: the version it brings; empty: "/"
  std::string settings;    // where the ConfigMap is mounted
  std::string image;       // this pod's own image and namespace, which the policy must allow
  std::string image_namespace;
  bool plugin = false;
  bool accept_denials = false;
  bool uninstall = false;  // take pullseal away instead
};

// Applied says how far the node is as this pod wants it.
struct Applied {
  bool done = false;     // the node is as wanted
  bool changed = false;  // and was not before
  std::string message;   // what was done, or why it was not
};

// Applier keeps the node at the version and the settings of this pod. It copies the version beside the others and has
// the node's own systemd run that version's installer, so that the installer outlives this pod and sees the node as it
// is; it waits for how that ends, at most limits::kApplyTime. What failed is tried again when something changes, and
// each limits::kApplyRetry. One thread.
class Applier {
 public:
  Applier(const install::Host& host, ApplyOptions options, const Clock& clock);

  // Looks whether something is to be done, and does it.
  Applied Apply();

 private:
  Applied Run(const std::string& wanted);
  Status Prepare(std::string& version);

  const install::Host& host_;
  const ApplyOptions options_;
  const Clock& clock_;
  std::string failed_;  // what was wanted when it failed
  SteadyTime try_again_;
  bool busy_ = false;  // another change was under way
  Applied last_;
};

}  // namespace pullseal::agent

#endif  // PULLSEAL_NODE_AGENT_APPLY_H_
