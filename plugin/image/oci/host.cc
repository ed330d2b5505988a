// SPDX-License-Identifier: Apache-2.0
#include "image/oci/host.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "core/base/bytes.h"

namespace pullseal::oci {
namespace {

Error Invalid(std::string_view host, const char* why) {
  return Error{ErrorCode::kInvalid, "host \"" + Printable(host, 120) + "\" " + why};
}

bool IsPort(std::string_view port) {
  if (port.empty() || port.size() > 5 || port.front() == '0') return false;
  if (port.find_first_not_of("0123456789") != std::string_view::npos) return false;
  return std::stoi(std::string(port)) <= 65535;
}

// The address inside brackets as it is written in one way; empty if it is none.
std::string Address(std::string_view literal) {
  in6_addr address{};
  if (::inet_pton(AF_INET6, std::string(literal).c_str(), &address) != 1) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    return ::inet_ntop(AF_INET, &address.s6_addr[12], text.data(), text.size()) != nullptr ? text.data() : "";
  }
  const char* written = ::inet_ntop(AF_INET6, &address, text.data(), text.size());
  return written != nullptr ? "[" + std::string(written) + "]" : "";
}

}  // namespace

Result<std::string> NormalHost(std::string_view host) {
  std::string out(host);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  std::string port;
  if (const std::size_t colon = out.rfind(':'); colon != std::string::npos && !out.ends_with(']')) {
    port = out.substr(colon + 1);
    if (!IsPort(port)) return Invalid(host, "has no port from 1 to 65535, written without leading zeros");
    out.resize(colon);
  }
  if (out.starts_with('[') || out.ends_with(']')) {
    const bool both = out.size() > 2 && out.starts_with('[') && out.ends_with(']');
    out = both ? Address(std::string_view(out).substr(1, out.size() - 2)) : "";
    if (out.empty()) return Invalid(host, "has brackets around what is no IPv6 address");
  }
  while (out.ends_with('.')) out.pop_back();
  if (!port.empty() && port != "443") out += ":" + port;
  return out;
}

bool IsDockerHub(std::string_view normal_host) {
  constexpr std::array<std::string_view, 4> kNames = {"docker.io", "index.docker.io", "registry-1.docker.io",
                                                      "registry.hub.docker.com"};
  return std::find(kNames.begin(), kNames.end(), normal_host) != kNames.end();
}

}  // namespace pullseal::oci
