// SPDX-License-Identifier: Apache-2.0
#include "node/doctor/containerd.h"

#include <charconv>
#include <exception>

#include "core/toml/toml.h"

// After what makes it safe.

namespace pullseal::doctor {
namespace {

bool IsFilled(const toml::table* table, const char* name) {
  const toml::table* found = table != nullptr ? (*table)[name].as_table() : nullptr;
  return found != nullptr && !found->empty();
}

void ReadImages(const toml::table& images, ContainerdSettings& out) {
  out.snapshotter = images["snapshotter"].value_or(std::string(out.snapshotter));
  const auto is = [&](const char* name, bool usual) { return images[name].value_or(usual); };
  if (!is("disable_snapshot_annotations", true)) out.passes_by.emplace_back("disable_snapshot_annotations = false");
  if (is("discard_unpacked_layers", false)) out.passes_by.emplace_back("discard_unpacked_layers = true");
  if (is("image_pull_with_sync_fs", false)) out.passes_by.emplace_back("image_pull_with_sync_fs = true");
  if (is("use_local_image_pull", false)) out.passes_by.emplace_back("use_local_image_pull = true");
  if (images["max_concurrent_downloads"].value_or(std::int64_t{3}) != 3) {
    out.passes_by.emplace_back("max_concurrent_downloads other than 3");
  }
  const toml::table* registry = images["registry"].as_table();
  for (const char* name : {"mirrors", "configs", "auths"}) {
    if (IsFilled(registry, name)) out.passes_by.push_back(std::string("registry.") + name);
  }
}

ContainerdSettings Read(const toml::table& root) {
  ContainerdSettings out;
  const toml::table* plugins = root["plugins"].as_table();
  if (plugins == nullptr) return out;
  if (const toml::table* images = (*plugins)["io.containerd.cri.v1.images"].as_table()) ReadImages(*images, out);
  if (const toml::table* cri = (*plugins)["io.containerd.grpc.v1.cri"].as_table()) {
    if (const toml::table* containerd = (*cri)["containerd"].as_table()) {
      out.snapshotter = (*containerd)["snapshotter"].value_or(std::string(out.snapshotter));
    }
  }
  if (const toml::table* verifier = (*plugins)["io.containerd.image-verifier.v1.bindir"].as_table()) {
    out.bin_dir = (*verifier)["bin_dir"].value_or(std::string(out.bin_dir));
    out.max_verifiers = static_cast<int>((*verifier)["max_verifiers"].value_or(std::int64_t{10}));
  }
  return out;
}

}  // namespace

Result<ContainerdSettings> ParseContainerdDump(std::string_view text) {
  const Error invalid{ErrorCode::kInvalid, "containerd's configuration is no TOML"};
  const auto plain = ToPlainToml(text);
  if (!plain) return invalid;
  try {
    return Read(toml::parse(*plain));
  } catch (const toml::parse_error&) {
    return invalid;
  } catch (const TomlAssertion&) {
    return invalid;
  } catch (const std::exception&) {
    return invalid;
  }
}

bool VerifiersCoverCri(std::string_view version) {
  int major = 0;
  int minor = 0;
  const auto first = std::from_chars(version.data(), version.data() + version.size(), major);
  if (first.ptr != version.data() + version.size() && *first.ptr == '.') {
    std::from_chars(first.ptr + 1, version.data() + version.size(), minor);
  }
  return major > 2 || (major == 2 && minor >= 1);
}

}  // namespace pullseal::doctor
