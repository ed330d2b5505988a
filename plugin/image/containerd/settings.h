// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CONTAINERD_SETTINGS_H_
#define PULLSEAL_IMAGE_CONTAINERD_SETTINGS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

// What of containerd's own configuration decides which content a node runs: the image of sandboxes, and where
// registries are.
namespace pullseal::containerd {

// Setting is a value and where it was found: a file's path, or kBuiltIn.
struct Setting {
  friend bool operator==(const Setting&, const Setting&) = default;
  std::string value;
  std::string from;
};

inline constexpr std::string_view kBuiltIn = "containerd's built-in default";

struct Settings {
  friend bool operator==(const Settings&, const Settings&) = default;
  int major = 0;  // of containerd, as far as the configuration tells: 1, 2 (and newer), 0 unknown
  std::optional<Setting> sandbox_image;  // never empty
  std::optional<Setting> config_path;    // of the registries: folders of hosts.toml, separated by colons; may be empty
  bool old_registries = false;           // mirrors, configs or auths of registries are set, which go without hosts.toml
  std::vector<std::string> files;        // that were read, the first the one that imports the others
};

// FromDump reads what `containerd config dump` prints: everything merged, built-in values included. `from` is kBuiltIn
// for all of it. kInvalid.
Result<Settings> FromDump(std::string_view text);

// FromFiles reads the configuration file `path` with its imports, as containerd merges them (containerd-config.toml(5),
// LoadConfig): breadth first, the later file's word counts; a file of version 2 or older replaces the whole section of
// a plugin, as containerd 1.x does, unless the first file is of version 3, which only 2.x reads. A file that imports
// itself is read once. Built-in values are not known. kNotFound if `path` is not there, kUnavailable if it or an
// import without wildcard cannot be read, kInvalid, kLimit above limits::kImportedFiles.
Result<Settings> FromFiles(const std::string& path);

// HostsFolders returns the folders in which containerd looks for hosts.toml: config_path's; where that is empty or not
// said, 2.x looks in /etc/containerd/certs.d and /etc/docker/certs.d, unless registries are set in the old way, and 1.x
// nowhere. Of an unknown version the usual two, if nothing is said.
std::vector<std::string> HostsFolders(const Settings& settings);

// BuiltInSandboxImage returns the image that containerd `version` ("2.1.9") has sandboxes made of where nothing is
// configured; empty for a version that is not known. Only 2.x, which tells it nobody.
std::string_view BuiltInSandboxImage(std::string_view version);

}  // namespace pullseal::containerd

#endif  // PULLSEAL_IMAGE_CONTAINERD_SETTINGS_H_
