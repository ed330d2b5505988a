// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ORIGIN_SOURCE_LABEL_H_
#define PULLSEAL_GATE_ORIGIN_SOURCE_LABEL_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/oci/reference.h"

// containerd's own note on a blob that it fetched: the label containerd.io/distribution.source.HOST, a list of
// repositories divided by commas. Pure; thread-safe.
namespace pullseal::origin {

// The host of a label's name, where the label is such a note and its host is one that images can be named by; absent
// for every other label. The host has no port, and is in its one spelling (oci::NormalHost) or no note for us.
std::optional<std::string> HostOfLabel(std::string_view label);

// The repositories that a note lists, compared by whoever reads them item by item.
std::vector<std::string> ItemsOf(std::string_view value);

// The note's value without `path`; the same if it does not list it.
std::string Without(std::string_view value, std::string_view path);

// PortedLabel says which label a pull of `name` adds to although it says nothing about that host: that of the host
// without the port. Absent where the name has no port.
std::optional<std::string> PortedLabel(const oci::Reference& name);

}  // namespace pullseal::origin

#endif  // PULLSEAL_GATE_ORIGIN_SOURCE_LABEL_H_
