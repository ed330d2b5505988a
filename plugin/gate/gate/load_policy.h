// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_LOAD_POLICY_H_
#define PULLSEAL_GATE_GATE_LOAD_POLICY_H_

#include <string>

#include "core/base/result.h"
#include "policy/model/model.h"

namespace pullseal::gate {

// LoadPolicy reads the policy file at `path` and the keys it names, relative to its folder. Errors begin with
// "PATH:LINE: ".
Result<policy::Policy> LoadPolicy(const std::string& path);

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_LOAD_POLICY_H_
