// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_HOSTS_FILE_H_
#define PULLSEAL_IMAGE_REGISTRY_HOSTS_FILE_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace pullseal::registry {

// HostEntry is one host of a hosts.toml as it stands there (containerd docs/hosts.md). File names are as written.
struct HostEntry {
  std::string url;  // with scheme, normalized path; empty: the image's own host
  bool pull = true;
  bool resolve = true;
  bool override_path = false;
  std::vector<std::string> ca;
  std::vector<std::pair<std::string, std::string>> client;  // certificate and key; an empty key is in the same file
  std::optional<bool> skip_verify;
  std::vector<std::string> headers;  // "Name: value"
  std::optional<std::chrono::milliseconds> dial_timeout;

  // The host asks for TLS in some way, which makes containerd try TLS first even where the URL is http.
  bool ConfiguresTls() const { return skip_verify.has_value() || !ca.empty() || !client.empty(); }
};

// ParseHostsFile reads a hosts.toml: its hosts in the order of the file, then what `server` and the keys beside it say.
// As containerd does, it takes unknown keys for nothing and refuses a file with a wrong type or an unknown capability
// as a whole. kInvalid, kLimit above limits::kMirrors.
Result<std::vector<HostEntry>> ParseHostsFile(std::string_view text);

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_HOSTS_FILE_H_
