// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_HTTP_PROXY_H_
#define PULLSEAL_CORE_HTTP_PROXY_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/http/http.h"

namespace pullseal::http {

// ProxyRules say through which HTTP proxy a request goes, as containerd, which is a Go program, reads its environment
// (golang.org/x/net/http/httpproxy): HTTP_PROXY, HTTPS_PROXY and NO_PROXY, or their lower-case names. NO_PROXY is a
// list of host names (with their subdomains; "." or "*." before a name means only those), IP addresses, CIDR blocks,
// each with an optional port, or "*". This machine itself is never asked through a proxy. Immutable; thread-safe.
class ProxyRules {
 public:
  // `variable` gives an environment variable's value, empty if it is not set.
  static ProxyRules Read(const std::function<std::string(const char*)>& variable);
  static ProxyRules FromEnvironment();

  // The proxy's URL for a request to `url`; empty: none.
  std::string For(const Url& url) const;

 private:
  struct Exempt {
    std::string domain;  // lower case; the host itself, unless only_below
    bool only_below = false;
    Bytes network;  // 4 or 16 bytes instead of a domain
    int prefix = 0;
    std::string port;  // empty: any
    bool Matches(std::string_view host, const Bytes& address, std::string_view host_port) const;
  };
  void AddExempt(std::string entry);

  std::string http_;
  std::string https_;
  bool exempt_all_ = false;
  std::vector<Exempt> exempt_;
};

}  // namespace pullseal::http

#endif  // PULLSEAL_CORE_HTTP_PROXY_H_
