// SPDX-License-Identifier: Apache-2.0
#include "image/registry/peers.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/http/address.h"

namespace pullseal::registry {
namespace {

std::string WithoutBrackets(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::string(host);
}

// Whether `address` of an interface is the address literal `host`.
bool Equals(const sockaddr& address, const std::string& host) {
  if (address.sa_family == AF_INET) {
    in_addr asked{};
    sockaddr_in own{};
    std::memcpy(&own, &address, sizeof own);
    return ::inet_pton(AF_INET, host.c_str(), &asked) == 1 && asked.s_addr == own.sin_addr.s_addr;
  }
  if (address.sa_family != AF_INET6) return false;
  in6_addr asked{};
  sockaddr_in6 own{};
  std::memcpy(&own, &address, sizeof own);
  return ::inet_pton(AF_INET6, host.c_str(), &asked) == 1 && std::memcmp(&asked, &own.sin6_addr, sizeof asked) == 0;
}

bool IsOwnName(const std::string& host) {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && host == name;
}

// Interfaces that cannot be listed are no reason to believe a mirror: then every address literal counts as own.
bool IsOwnAddress(const std::string& host) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    in6_addr ignored{};
    return ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> held(list, &::freeifaddrs);
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr != nullptr && Equals(*one->ifa_addr, host)) return true;
  }
  return false;
}

}  // namespace

bool IsPeer(const Endpoint& endpoint, const std::vector<std::string>& listed) {
  if (!endpoint.mirror) return false;
  const auto names = [&](const std::string& one) { return one == endpoint.host || one == endpoint.base.host; };
  if (std::any_of(listed.begin(), listed.end(), names)) return true;
  const std::string host = WithoutBrackets(endpoint.base.host);
  if (host == "0.0.0.0" || host == "::") return true;  // leads to this node
  return http::IsLoopback(host) || IsOwnName(host) || IsOwnAddress(host);
}

}  // namespace pullseal::registry
