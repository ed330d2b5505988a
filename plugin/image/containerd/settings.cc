// SPDX-License-Identifier: Apache-2.0
#include "image/containerd/settings.h"

#include <glob.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <set>
#include <utility>

#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/toml/toml.h"
#include "image/containerd/limits.h"

namespace pullseal::containerd {
namespace {

namespace fs = std::filesystem;

// What one text says.
struct Said {
  std::int64_t version = 0;  // zero: not said
  bool has_section = false;  // there is one of the CRI plugin that has these settings
  std::optional<std::string> sandbox_image;
  std::optional<std::string> config_path;
  bool old_registries = false;
  std::vector<std::string> imports;
};

void ReadRegistry(const toml::node_view<const toml::node>& registry, Said& out) {
  if (auto path = registry["config_path"].value<std::string>()) out.config_path = std::move(*path);
  for (const char* name : {"mirrors", "configs", "auths"}) {
    const toml::table* table = registry[name].as_table();
    if (table != nullptr && !table->empty()) out.old_registries = true;
  }
}

// containerd 2.x: the image service; 1.x: the CRI plugin, whose settings 2.x reads as those of the image service.
void ReadPlugins(const toml::node_view<const toml::node>& plugins, Said& out) {
  if (const auto images = plugins["io.containerd.cri.v1.images"]; images.is_table() && (out.version != 2)) {
    out.has_section = true;
    out.sandbox_image = images["pinned_images"]["sandbox"].value<std::string>();
    ReadRegistry(images["registry"], out);
    if (out.version >= 3) return;
  }
  if (out.version >= 3) return;
  for (const char* name : {"io.containerd.grpc.v1.cri", "cri"}) {  // "cri": files of version 1
    const auto cri = plugins[name];
    if (!cri.is_table()) continue;
    out.has_section = true;
    if (!out.sandbox_image) out.sandbox_image = cri["sandbox_image"].value<std::string>();
    ReadRegistry(cri["registry"], out);
  }
}

Result<Said> Read(std::string_view text) {
  const Error invalid{ErrorCode::kInvalid, "containerd's configuration is not valid TOML"};
  const auto plain = ToPlainToml(text);
  if (!plain) return invalid;
  try {
    const toml::table root = toml::parse(*plain);
    Said out;
    out.version = root["version"].value_or(std::int64_t{0});
    ReadPlugins(root["plugins"], out);
    if (const toml::array* imports = root["imports"].as_array()) {
      for (const toml::node& one : *imports) {
        if (const auto path = one.value<std::string>()) out.imports.push_back(*path);
      }
    }
    return out;
  } catch (const TomlAssertion&) {
    return invalid;
  } catch (const toml::parse_error&) {
    return invalid;
  } catch (const std::exception&) {
    return invalid;
  }
}

void Put(std::optional<Setting>& to, const std::optional<std::string>& value, const std::string& from) {
  if (value) to = Setting{*value, from};
}

// Adds what one file says to what those before it said.
void Merge(const Said& said, const std::string& from, bool whole_sections, Settings& out) {
  if (!said.has_section) return;
  if (whole_sections) {
    out.sandbox_image.reset();
    out.config_path.reset();
    out.old_registries = false;
  }
  Put(out.sandbox_image, said.sandbox_image, from);
  Put(out.config_path, said.config_path, from);
  out.old_registries = out.old_registries || said.old_registries;
}

// An image without a name is none.
Settings Finish(Settings settings) {
  if (settings.sandbox_image && settings.sandbox_image->value.empty()) settings.sandbox_image.reset();
  return settings;
}

// The files that `pattern` names, seen from the file `parent`. Wildcards as Go's filepath.Glob has them: also for names
// that begin with a dot, and only if there is a '*'.
std::vector<std::string> Resolve(const std::string& parent, const std::string& pattern) {
  fs::path path = fs::path(pattern).lexically_normal();
  if (path.is_relative()) path = (fs::path(parent).parent_path() / path).lexically_normal();
  if (path.string().find('*') == std::string::npos) return {path.string()};
  std::vector<std::string> out;
  glob_t found{};
  if (::glob(path.c_str(), GLOB_PERIOD, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      const fs::path one = found.gl_pathv[i];
      if (one.filename() != "." && one.filename() != "..") out.push_back(one.string());
    }
  }
  ::globfree(&found);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

Result<Settings> FromDump(std::string_view text) {
  const auto said = Read(text);
  if (!said) return said.error();
  Settings out;
  // 1.x knows no version above 2, 2.x writes none below 3.
  out.major = said->version >= 3 ? 2 : 1;
  Merge(*said, std::string(kBuiltIn), false, out);
  return Finish(std::move(out));
}

Result<Settings> FromFiles(const std::string& path) {
  Settings out;
  std::set<std::string> loaded;
  std::deque<std::string> pending = {path};
  while (!pending.empty()) {
    const std::string file = std::move(pending.front());
    pending.pop_front();
    if (!loaded.insert(file).second) continue;
    if (loaded.size() > limits::kImportedFiles) {
      return Error{ErrorCode::kLimit, "containerd's configuration has too many imported files"};
    }
    const auto text = ReadFile(file, limits::kConfigBytes);
    if (!text) {
      const bool first = out.files.empty();
      return Error{first ? text.error().code : ErrorCode::kUnavailable, text.error().message};
    }
    const auto said = Read(*text);
    if (!said) return said.error().In(file);
    if (out.files.empty() && said->version >= 3) out.major = 2;
    Merge(*said, file, out.major == 0, out);
    out.files.push_back(file);
    for (const std::string& pattern : said->imports) {
      for (std::string& one : Resolve(file, pattern)) {
        if (pending.size() > limits::kImportedFiles) break;  // refused above
        pending.push_back(std::move(one));
      }
    }
  }
  return Finish(std::move(out));
}

std::vector<std::string> HostsFolders(const Settings& settings) {
  static const std::vector<std::string> kUsual = {"/etc/containerd/certs.d", "/etc/docker/certs.d"};
  const bool said = settings.config_path.has_value();
  if (!said || settings.config_path->value.empty()) {
    if (settings.old_registries || settings.major == 1) return {};
    return settings.major == 2 || !said ? kUsual : std::vector<std::string>{};
  }
  const std::string& path = settings.config_path->value;
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t colon = std::min(path.find(':', at), path.size());
    if (colon > at) out.push_back(path.substr(at, colon - at));
    at = colon + 1;
  }
  return out;
}

std::string_view BuiltInSandboxImage(std::string_view version) {
  int major = 0;
  int minor = 0;
  const char* end = version.data() + version.size();
  const auto first = std::from_chars(version.data(), end, major);
  if (first.ptr == end || *first.ptr != '.') return {};
  if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc()) return {};
  if (major != 2) return {};
  // DefaultSandboxImage of internal/cri/config, of the last release of each line that was seen.
  switch (minor) {
    case 0:
    case 1:
      return "registry.k8s.io/pause:3.10";
    case 2:
      return "registry.k8s.io/pause:3.10.1";
    case 3:
      return "registry.k8s.io/pause:3.10.2";
    default:
      return {};
  }
}

}  // namespace pullseal::containerd
