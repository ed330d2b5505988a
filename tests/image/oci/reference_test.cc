// SPDX-License-Identifier: Apache-2.0
#include "image/oci/reference.h"

#include <gtest/gtest.h>

namespace pullseal::oci {
namespace {

const std::string kHex(64, 'a');
const std::string kDigest = "sha256:" + kHex;

TEST(ReferenceTest, NamesAreAsLongAsContainerdTakesThem) {
  const auto of = [](std::size_t size) { return "reg.io/" + std::string(size - 7, 'a'); };
  EXPECT_TRUE(Reference::Parse(of(255)).ok());
  EXPECT_TRUE(Reference::Parse(of(255) + ":" + std::string(128, 't')).ok());
  EXPECT_FALSE(Reference::Parse(of(256)).ok());
  EXPECT_FALSE(Reference::Parse(of(600)).ok());
}

TEST(ReferenceTest, NormalFormIsContainerds) {
  const std::pair<std::string, std::string> cases[] = {
      {"busybox", "docker.io/library/busybox:latest"},
      {"docker.io/busybox", "docker.io/library/busybox:latest"},
      {"index.docker.io/library/busybox:latest", "docker.io/library/busybox:latest"},
      {"team/app:1.0", "docker.io/team/app:1.0"},
      {"localhost/app", "localhost/app:latest"},
      {"localhost:5000/x:1", "localhost:5000/x:1"},
      {"LOCALHOST:5000/x", "LOCALHOST:5000/x:latest"},
      {"reg.example.com/a/b/c", "reg.example.com/a/b/c:latest"},
      {"UPPER/case", "UPPER/case:latest"},
      {"[::1]:5000/x", "[::1]:5000/x:latest"},
      {"a/b@" + kDigest, "docker.io/a/b@" + kDigest},
      {"a/b:tag@" + kDigest, "docker.io/a/b@" + kDigest},
      {"registry-1.docker.io/library/busybox", "registry-1.docker.io/library/busybox:latest"},
      {"a--b/c__d.e_f", "docker.io/a--b/c__d.e_f:latest"},
      {"deadbeef", "docker.io/library/deadbeef:latest"},
  };
  for (const auto& [text, normal] : cases) {
    const auto reference = Reference::Parse(text);
    ASSERT_TRUE(reference.ok()) << text << ": " << reference.error().message;
    EXPECT_EQ(normal, reference->Text());
    EXPECT_EQ(normal, Reference::Parse(normal)->Text()) << "not stable";
  }
}

TEST(ReferenceTest, MatchNameHasOneSpelling) {
  for (const char* text : {"Reg.Example.COM/a", "reg.example.com:443/a", "reg.example.com/a:tag"}) {
    EXPECT_EQ("reg.example.com/a", Reference::Parse(text)->MatchName());
  }
  EXPECT_EQ("localhost:5000/a", Reference::Parse("LOCALHOST:5000/a")->MatchName());
  for (const char* text : {"[::1]/a", "[0:0:0:0:0:0:0:1]/a", "[0000::0001]:443/a"}) {
    EXPECT_EQ("[::1]/a", Reference::Parse(text)->MatchName()) << text;
  }
  EXPECT_EQ("[fd00::a]:5000/a", Reference::Parse("[FD00:0::A]:5000/a")->MatchName());
  EXPECT_EQ("10.1.2.3/a", Reference::Parse("[::ffff:0a01:0203]/a")->MatchName());
}

// To containerd all but the first two are registries of their own.
TEST(ReferenceTest, DockersOtherNamesAreOneForDenying) {
  for (const char* host : {"docker.io", "index.docker.io", "INDEX.docker.io", "DOCKER.IO", "registry-1.docker.io",
                           "Registry-1.Docker.io:443", "registry.hub.docker.com"}) {
    EXPECT_EQ("docker.io/library/nginx", Reference::Parse(std::string(host) + "/nginx")->DenyName()) << host;
    EXPECT_EQ("docker.io/team/app", Reference::Parse(std::string(host) + "/team/app")->DenyName()) << host;
  }
  EXPECT_EQ("registry-1.docker.io/nginx", Reference::Parse("registry-1.docker.io/nginx")->MatchName());
  EXPECT_EQ("index.docker.io/nginx", Reference::Parse("INDEX.docker.io/nginx")->MatchName());
  EXPECT_EQ("registry-1.docker.io:5000/nginx", Reference::Parse("registry-1.docker.io:5000/nginx")->DenyName());
  EXPECT_EQ("docker.io.evil.com/nginx", Reference::Parse("docker.io.evil.com/nginx")->DenyName());
}

TEST(ReferenceTest, RefusesHostsOfTwoSpellings) {
  for (const char* text : {"bad.io:0443/x", "bad.io:0/x", "bad.io:65536/x", "bad.io:/x", "[::1]:05000/x", "[1]/x",
                           "[:::]/x", "[12345::]/x", "[1:2:3:4:5:6:7:8:9]/x"}) {
    EXPECT_FALSE(Reference::Parse(text).ok()) << text;
  }
  EXPECT_TRUE(Reference::Parse("bad.io:65535/x").ok());
}

TEST(ReferenceTest, RefusesWhatContainerdRefuses) {
  const std::string cases[] = {"",
                               kHex,
                               "reg.example.com/Upper",
                               "a//b",
                               "/a",
                               "a/",
                               "a b",
                               "a\nb",
                               std::string("a\0b", 3),
                               "a%2fb",
                               "reg.io/a:",
                               "reg.io/a:" + std::string(129, 't'),
                               "reg.io/a:-x",
                               "reg.io/a@",
                               "reg.io/a@sha256:" + std::string(63, 'a'),
                               "reg.io/a@sha256:" + std::string(64, 'A'),
                               "reg.io/a@sha512:" + std::string(128, 'a'),
                               "reg.io/a@sha384:" + std::string(96, 'a'),
                               "reg.io/a@md5:" + std::string(32, 'a'),
                               "reg.io/a@" + kDigest + "x",
                               "reg.io/a@" + kDigest + "@" + kDigest,
                               "https://reg.io/a",
                               "reg.io:port/a",
                               "-reg.io/a",
                               "reg..io/a",
                               "reg.io./a",
                               "user@reg.io/a",
                               "a___b",
                               "a._b",
                               "\xd0\xb0pp",
                               "../etc",
                               std::string(600, 'a')};
  for (const std::string& text : cases) EXPECT_FALSE(Reference::Parse(text).ok()) << text;
}

}  // namespace
}  // namespace pullseal::oci
