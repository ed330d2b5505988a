// SPDX-License-Identifier: Apache-2.0
#include "gate/origin/source_label.h"

#include "image/oci/host.h"
#include "image/runtime/origin_store.h"

namespace pullseal::origin {

std::optional<std::string> HostOfLabel(std::string_view label) {
  if (!label.starts_with(runtime::kSourceLabel)) return std::nullopt;
  std::string host(label.substr(runtime::kSourceLabel.size()));
  const auto normal = oci::NormalHost(host);
  if (!normal || *normal != host || host.find(':') != std::string::npos) return std::nullopt;
  return host;
}

std::vector<std::string> ItemsOf(std::string_view value) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t comma = value.find(',');
    if (comma != 0 && !value.empty()) out.emplace_back(value.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    value.remove_prefix(comma + 1);
  }
}

std::string Without(std::string_view value, std::string_view path) {
  std::string out;
  for (const std::string& item : ItemsOf(value)) {
    if (item == path) continue;
    out += (out.empty() ? "" : ",") + item;
  }
  return out;
}

// As Go's url.Hostname() of "dummy://NAME": without the port, without the brackets of an address.
std::optional<std::string> PortedLabel(const oci::Reference& name) {
  const std::string& host = name.host();
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  if (colon == std::string::npos || (bracket != std::string::npos && colon < bracket)) return std::nullopt;
  std::string bare = host.substr(0, colon);
  if (bare.starts_with('[') && bare.ends_with(']')) bare = bare.substr(1, bare.size() - 2);
  return std::string(runtime::kSourceLabel) + bare;
}

}  // namespace pullseal::origin
