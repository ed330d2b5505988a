// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_FILE_LOAD_H_
#define PULLSEAL_POLICY_FILE_LOAD_H_

#include <string>

#include "core/base/result.h"
#include "policy/model/model.h"

namespace pullseal::policy {

// LoadPolicy reads the policy file at `path` and the keys and trusted roots it names, each of at most
// limits::kTrustRootBytes, relative to its folder. Errors begin with
// "PATH:LINE: ".
Result<Policy> LoadPolicy(const std::string& path);

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_FILE_LOAD_H_
