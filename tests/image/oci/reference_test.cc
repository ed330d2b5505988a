// SPDX-License-Identifier: Apache-2.0
#include "image/oci/reference.h"

#include <gtest/gtest.h>

namespace pullseal::oci {
namespace {

const std::string kHex(64, 'a');
const std::string kDigest = "sha256:" + kHex;

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
