// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_DOCTOR_PLUGIN_H_
#define PULLSEAL_NODE_DOCTOR_PLUGIN_H_

#include <string>
#include <vector>

#include "node/doctor/doctor.h"

namespace pullseal::doctor {

// LookAtPlugin examines containerd's verifier folder and our plugin in it: that containerd asks it, that nothing pushes
// it out, that nobody but root can replace it, and that it refuses a canary. Says what a plugin does not cover.
std::vector<Finding> LookAtPlugin(const install::Host& host, const std::string& containerd_version,
                                  const std::string& version);

}  // namespace pullseal::doctor

#endif  // PULLSEAL_NODE_DOCTOR_PLUGIN_H_
