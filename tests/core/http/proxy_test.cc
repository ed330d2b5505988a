// SPDX-License-Identifier: Apache-2.0
#include "core/http/proxy.h"

#include <gtest/gtest.h>

#include <map>

namespace pullseal::http {
namespace {

std::string Asked(const std::map<std::string, std::string>& environment, const std::string& url) {
  const auto rules = ProxyRules::Read([&](const char* name) {
    const auto found = environment.find(name);
    return found != environment.end() ? found->second : std::string();
  });
  return rules.For(*Url::Parse(url));
}

TEST(ProxyTest, SchemesHaveTheirOwn) {
  const std::map<std::string, std::string> both = {{"HTTP_PROXY", "http://plain:1"}, {"HTTPS_PROXY", "http://tls:2"}};
  EXPECT_EQ("http://plain:1", Asked(both, "http://reg.io/v2/"));
  EXPECT_EQ("http://tls:2", Asked(both, "https://reg.io/v2/"));
  EXPECT_EQ("", Asked({{"HTTP_PROXY", "http://plain:1"}}, "https://reg.io/v2/"));
  EXPECT_EQ("", Asked({}, "https://reg.io/v2/"));
  EXPECT_EQ("http://proxy:3128", Asked({{"https_proxy", "proxy:3128"}}, "https://reg.io/")) << "lower case, no scheme";
  EXPECT_EQ("http://upper:1", Asked({{"https_proxy", "lower:1"}, {"HTTPS_PROXY", "upper:1"}}, "https://reg.io/"));
  EXPECT_EQ("socks5://proxy:1080", Asked({{"HTTPS_PROXY", "socks5://proxy:1080"}}, "https://reg.io/"));
}

// The cases of Go's own documentation of NO_PROXY, and what people get wrong.
TEST(ProxyTest, NoProxyIsReadAsGoReadsIt) {
  struct Row {
    const char* no_proxy;
    const char* host;
    bool direct;
  };
  const Row rows[] = {
      {"", "reg.io", false},
      {"*", "reg.io", true},
      {"reg.io", "reg.io", true},
      {"reg.io", "a.reg.io", true},
      {"reg.io", "areg.io", false},
      {"reg.io", "reg.io.evil.com", false},
      {".reg.io", "reg.io", false},
      {".reg.io", "a.reg.io", true},
      {"*.reg.io", "reg.io", false},
      {"*.reg.io", "a.b.reg.io", true},
      {"REG.io", "reg.IO", true},
      {" a.io , reg.io ", "reg.io", true},
      {"a.io,,reg.io,", "reg.io", true},
      {"reg.io:5000", "reg.io:5000", true},
      {"reg.io:5000", "reg.io", false},
      {"reg.io", "reg.io:5000", true},
      {"10.0.0.0/8", "10.1.2.3", true},
      {"10.0.0.0/8", "11.1.2.3", false},
      {"10.0.0.0/9", "10.128.0.1", false},
      {"10.0.0.0/33", "10.1.2.3", false},
      {"10.0.0.0/x", "10.1.2.3", false},
      {"0.0.0.0/0", "11.1.2.3", true},
      {"10.1.2.3", "10.1.2.3", true},
      {"10.1.2.3:80", "10.1.2.3:81", false},
      {"10.1.2.3", "10.1.2.30", false},
      {"fd00::/8", "[fd12::1]", true},
      {"fd00::1", "[fd00::1]", true},
      {"[fd00::1]:443", "[fd00::1]", true},
      {"10.0.0.0/8", "ten.internal", false},
      {"", "localhost", true},
      {"", "localhost:5000", true},
      {"", "127.0.0.1:5000", true},
      {"", "127.8.8.8", true},
      {"", "[::1]", true},
      {"", "localhost.evil.com", false},
  };
  for (const Row& row : rows) {
    const std::string proxy =
        Asked({{"HTTPS_PROXY", "proxy:1"}, {"NO_PROXY", row.no_proxy}}, std::string("https://") + row.host + "/v2/");
    EXPECT_EQ(row.direct ? "" : "http://proxy:1", proxy) << row.no_proxy << " " << row.host;
  }
}

}  // namespace
}  // namespace pullseal::http
