// SPDX-License-Identifier: Apache-2.0
#include "policy/model/glob.h"

#include <gtest/gtest.h>

namespace pullseal::policy {
namespace {

TEST(GlobTest, StarsStayWhereTheyBelong) {
  struct Case {
    const char* pattern;
    const char* name;
    bool matches;
  };
  const Case cases[] = {
      {"reg.io/a/*", "reg.io/a/b", true},
      {"reg.io/a/*", "reg.io/a/b/c", false},
      {"reg.io/a/**", "reg.io/a/b/c", true},
      {"reg.io/a/**", "reg.io/a", true},
      {"reg.io/a/**", "reg.io/ab/c", false},
      {"reg.io/**/c", "reg.io/a/b/c", true},
      {"reg.io/**/c", "reg.io/c", true},
      {"reg.io/a*", "reg.io/ab", true},
      {"reg.io/a*b", "reg.io/axxb", true},
      {"reg.io/a*b", "reg.io/axxbc", false},
      {"*.azurecr.io/a", "x.azurecr.io/a", true},
      {"*.azurecr.io/a", "x.y.azurecr.io/a", false},
      {"*.azurecr.io/a", "azurecr.io/a", false},
      {"*.azurecr.io/a", "x.azurecr/a", false},
      {"reg.*/a", "reg.example/a", true},
      {"reg.*/a", "reg.example.evil/a", false},
      {"*.azurecr.io/a", "x.azurecr.io.evil.com/a", false},
      {"reg.io/a", "reg.io:5000/a", false},
      {"reg.io:5000/a", "reg.io:5000/a", true},
      {"REG.io:443/a", "reg.io/a", true},
      {"[0:0::1]:5000/a", "[::1]:5000/a", true},
      {"docker.io/library/*", "docker.io/library/nginx", true},
      {"index.docker.io/library/*", "docker.io/library/nginx", true},
  };
  for (const Case& one : cases) {
    const auto glob = ImageGlob::Parse(one.pattern, false);
    ASSERT_TRUE(glob.ok()) << glob.error().message;
    EXPECT_EQ(one.matches, glob->Matches(one.name)) << one.pattern << " " << one.name;
  }
}

TEST(GlobTest, PatternsThatReachFurtherThanTheyLookAreRefused) {
  for (const char* pattern : {"nginx", "library/nginx", "reg.io/a:1", "reg.io/a@sha256:1", "reg.io/A", "reg.io/a/",
                              "reg..io/a", "**.io/a", "reg.io/a**", ""}) {
    EXPECT_FALSE(ImageGlob::Parse(pattern, false).ok()) << pattern;
    EXPECT_FALSE(ImageGlob::Parse(pattern, true).ok()) << pattern;
  }
  for (const char* pattern : {"**", "*", "*/**", "reg*.io/a", "*reg.io/a"}) {
    EXPECT_FALSE(ImageGlob::Parse(pattern, false).ok()) << pattern;
    EXPECT_TRUE(ImageGlob::Parse(pattern, true).ok()) << pattern;
  }
}

TEST(GlobTest, PatternsThatBacktrackStayFast) {
  std::string pattern = "reg.io/";
  for (int i = 0; i < 100; ++i) pattern += "*a";
  const auto glob = ImageGlob::Parse(pattern, false);
  ASSERT_TRUE(glob.ok());
  EXPECT_FALSE(glob->Matches("reg.io/" + std::string(400, 'a') + "b"));
}

}  // namespace
}  // namespace pullseal::policy
