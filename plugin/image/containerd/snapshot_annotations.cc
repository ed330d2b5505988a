// SPDX-License-Identifier: Apache-2.0
#include "image/containerd/snapshot_annotations.h"

#include <string>

#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/toml/toml.h"

namespace pullseal::containerd {

Result<std::optional<bool>> SnapshotAnnotations(std::string_view text) {
  const Error invalid{ErrorCode::kInvalid, "containerd's configuration is not valid TOML"};
  const auto plain = ToPlainToml(text);
  if (!plain) return invalid;
  try {
    const toml::table root = toml::parse(*plain);
    const auto plugins = root["plugins"];
    auto disabled = plugins["io.containerd.cri.v1.images"]["disable_snapshot_annotations"].value<bool>();
    const auto old = plugins["io.containerd.grpc.v1.cri"]["containerd"];
    if (!disabled) disabled = old["disable_snapshot_annotations"].value<bool>();
    return disabled ? std::optional<bool>(!*disabled) : std::optional<bool>();
  } catch (const TomlAssertion&) {
    return invalid;
  } catch (const toml::parse_error&) {
    return invalid;
  }
}

bool HasSnapshotAnnotations(Configuration& configuration) {
  const auto settings = configuration.Get();
  if (!settings) return false;
  bool out = false;
  for (const std::string& file : settings->files) {
    const auto text = ReadFile(file, limits::kConfigBytes);
    if (!text) return false;
    const auto said = SnapshotAnnotations(*text);
    if (!said) return false;
    if (*said) out = **said;
  }
  return out;
}

}  // namespace pullseal::containerd
