// SPDX-License-Identifier: Apache-2.0
#include "image/runtime/sandbox_image.h"

// clang-format off
// clang-format on

#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/toml/toml.h"

namespace pullseal::runtime {

Result<std::string> SandboxImageFromConfig(std::string_view text) {
  const auto plain = ToPlainToml(text);
  if (!plain) return Error{ErrorCode::kInvalid, "containerd's configuration is not valid TOML"};
  try {
    const toml::table root = toml::parse(*plain);
    const auto plugins = root["plugins"];
    // containerd 2.x: pinned_images.sandbox of the image service; 1.x: sandbox_image of the CRI plugin.
    auto name = plugins["io.containerd.cri.v1.images"]["pinned_images"]["sandbox"].value<std::string>();
    if (!name) name = plugins["io.containerd.grpc.v1.cri"]["sandbox_image"].value<std::string>();
    if (name && !name->empty()) return *name;
  } catch (const TomlAssertion&) {
    return Error{ErrorCode::kInvalid, "containerd's configuration is not valid TOML"};
  } catch (const toml::parse_error&) {
    return Error{ErrorCode::kInvalid, "containerd's configuration is not valid TOML"};
  }
  return Error{ErrorCode::kNotFound, "containerd's configuration names no sandbox image; set runtime.sandboxImage"};
}

Result<std::string> FindSandboxImage(Runtime& runtime, const std::string& config_path, SteadyTime deadline) {
  auto told = runtime.SandboxImage(deadline);
  if (told || told.error().code != ErrorCode::kNotFound) return told;
  auto text = ReadFile(config_path, limits::kConfigBytes);
  if (!text) return text.error().In("find the sandbox image");
  return SandboxImageFromConfig(*text);
}

}  // namespace pullseal::runtime
