// SPDX-License-Identifier: Apache-2.0
#include "image/runtime/sandbox_image.h"

namespace pullseal::runtime {

Result<std::string> FindSandboxImage(Runtime& runtime, containerd::Configuration& configuration, SteadyTime deadline) {
  auto told = runtime.SandboxImage(deadline);
  if (told || told.error().code != ErrorCode::kNotFound) return told;
  const auto settings = configuration.Get();
  if (settings && settings->sandbox_image) return settings->sandbox_image->value;
  // Without any file containerd runs on its built-in values alone.
  if (!settings && settings.error().code != ErrorCode::kNotFound) return settings.error().In("find the sandbox image");
  const auto version = runtime.Version(deadline);
  if (!version) return version.error();
  if (const auto built_in = containerd::BuiltInSandboxImage(*version); !built_in.empty()) return std::string(built_in);
  return Error{ErrorCode::kNotFound, "containerd's configuration names no sandbox image, and which one containerd " +
                                         Printable(*version, 40) +
                                         " has built in is not known; set runtime.sandboxImage"};
}

}  // namespace pullseal::runtime
