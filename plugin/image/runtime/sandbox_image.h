// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_RUNTIME_SANDBOX_IMAGE_H_
#define PULLSEAL_IMAGE_RUNTIME_SANDBOX_IMAGE_H_

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "image/runtime/runtime.h"

namespace pullseal::runtime {

// FindSandboxImage returns the name of the pause image: what the runtime says (containerd 1.x tells it in its status),
// else what containerd's configuration file `config_path` names. kNotFound if neither does.
Result<std::string> FindSandboxImage(Runtime& runtime, const std::string& config_path, SteadyTime deadline);

// SandboxImageFromConfig reads containerd's configuration text (TOML), version 2 or 3. kNotFound if it names none.
Result<std::string> SandboxImageFromConfig(std::string_view text);

}  // namespace pullseal::runtime

#endif  // PULLSEAL_IMAGE_RUNTIME_SANDBOX_IMAGE_H_
