// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_RUNTIME_SANDBOX_IMAGE_H_
#define PULLSEAL_IMAGE_RUNTIME_SANDBOX_IMAGE_H_

#include <string>

#include "core/base/result.h"
#include "image/containerd/configuration.h"
#include "image/runtime/runtime.h"

namespace pullseal::runtime {

// FindSandboxImage returns the name of the pause image: what the runtime says (containerd 1.x tells it in its status),
// else what is known of containerd's configuration, else what this version of containerd has built in. What it is only
// tells which image is judged before a sandbox is made; what the sandbox was made of is judged afterwards. kNotFound if
// nothing says it.
Result<std::string> FindSandboxImage(Runtime& runtime, containerd::Configuration& configuration, SteadyTime deadline);

}  // namespace pullseal::runtime

#endif  // PULLSEAL_IMAGE_RUNTIME_SANDBOX_IMAGE_H_
