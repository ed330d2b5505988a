// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/delegations.h"

#include <gtest/gtest.h>

#include <chrono>

#include "verify/tuf/limits.h"

namespace pullseal::tuf {
namespace {

constexpr char kRole[] = R"({"keyids":["k"],"threshold":1,"name":"a","terminating":false,"paths":["*"]})";

std::string With(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(std::string::npos, at) << from;
  return text.replace(at, from.size(), to);
}

Result<Delegations> Read(const std::string& roles, const char* name = "roles") {
  const auto value = json::Parse(R"({"keys":{},")" + std::string(name) + "\":" + roles + "}");
  if (!value) return value.error();
  return ReadDelegations(*value);
}

TEST(PatternTest, StarsAndQuestionMarksStayWithinASegment) {
  const std::pair<const char*, const char*> good[] = {{"*", "a"},
                                                      {"*", ""},
                                                      {"a*c", "abbc"},
                                                      {"a*c", "ac"},
                                                      {"?", "a"},
                                                      {"?", "é"},
                                                      {"a?c", "aéc"},
                                                      {"*/*", "a/b"},
                                                      {"rel/*.tgz", "rel/x.tgz"},
                                                      {"a", "a"},
                                                      {"[ab]", "[ab]"},
                                                      {"**", "ab"},
                                                      {"*a*b*", "xaybz"},
                                                      {"foo-version-?.tgz", "foo-version-a.tgz"}};
  for (const auto& [pattern, target] : good) EXPECT_TRUE(MatchesPattern(pattern, target)) << pattern << " " << target;
  const std::pair<const char*, const char*> bad[] = {{"*", "a/b"},   {"*", "/a"},
                                                     {"a", "b"},     {"a", "a/"},
                                                     {"?", ""},      {"?", "ab"},
                                                     {"*/", "a"},    {"*/*", "a"},
                                                     {"a?b", "a/b"}, {"rel/*", "rel/x/y"},
                                                     {"[ab]", "a"},  {"??", "é"},
                                                     {"A", "a"},     {"*.tgz", "x.tgz.exe"},
                                                     {"", "a"}};
  for (const auto& [pattern, target] : bad) EXPECT_FALSE(MatchesPattern(pattern, target)) << pattern << " " << target;
}

TEST(PatternTest, NoPatternTakesLong) {
  std::string pattern;
  while (pattern.size() + 2 <= limits::kTrustNameBytes) pattern += "*a";
  const std::string target(limits::kTrustNameBytes - 1, 'a');
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(MatchesPattern(pattern + "b", target));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(DelegationsTest, RefusesWhatIsNotOne) {
  ASSERT_TRUE(Read("[" + std::string(kRole) + "]").ok());
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {R"("threshold":1)", R"("threshold":0)"},
           {R"("threshold":1)", R"("threshold":-1)"},
           {R"("threshold":1)", R"("threshold":1.0)"},
           {R"("threshold":1)", R"("threshold":"1")"},
           {R"("threshold":1)", R"("threshold":true)"},
           {R"("threshold":1)", R"("threshold":18446744073709551616)"},
           {R"("threshold":1,)", ""},
           {R"("keyids":["k"])", R"("keyids":["k","k"])"},
           {R"("keyids":["k"])", R"("keyids":[1])"},
           {R"("keyids":["k"])", R"("keyids":"k")"},
           {R"("name":"a")", R"("name":"")"},
           {R"("name":"a")", R"("name":"root")"},
           {R"("name":"a")", R"("name":"timestamp")"},
           {R"("name":"a")", R"("name":"snapshot")"},
           {R"("name":"a")", R"("name":"targets")"},
           {R"("name":"a")", "\"name\":\"" + std::string(limits::kTrustRoleNameBytes + 1, 'a') + "\""},
           {R"("terminating":false)", R"("terminating":0)"},
           {R"("terminating":false,)", ""},
           {R"(,"paths":["*"])", ""},
           {R"("paths":["*"])", R"("paths":["*"],"path_hash_prefixes":["a"])"},
           {R"("paths":["*"])", R"("path_hash_prefixes":["A"])"},
           {R"("paths":["*"])", R"("path_hash_prefixes":[""])"},
           {R"("paths":["*"])", R"("paths":"*")"}}) {
    EXPECT_FALSE(Read("[" + With(kRole, from, to) + "]").ok()) << from << " -> " << to;
  }
  EXPECT_FALSE(Read("[" + std::string(kRole) + "," + kRole + "]").ok());
  EXPECT_FALSE(Read("{}").ok());
  EXPECT_FALSE(ReadDelegations(*json::Parse(R"({"keys":{}})")).ok());
  EXPECT_FALSE(ReadDelegations(*json::Parse(R"({"keys":[],"roles":[]})")).ok());
  EXPECT_FALSE(ReadDelegations(*json::Parse(R"({"roles":[]})")).ok());
  EXPECT_FALSE(ReadDelegations(*json::Parse("[]")).ok());
}

TEST(DelegationsTest, OrderAndTerminatingRoles) {
  const auto named = [](const char* name, const char* path, bool terminating) {
    return With(With(With(kRole, R"("a")", "\"" + std::string(name) + "\""), "*", path), "false",
                terminating ? "true" : "false");
  };
  const auto delegations = Read("[" + named("z", "x*", false) + "," + named("b", "y", false) + "," +
                                named("m", "x", true) + "," + named("a", "x", false) + "]");
  ASSERT_TRUE(delegations.ok()) << delegations.error().message;
  const auto roles = RolesFor(*delegations, "x");
  ASSERT_EQ(2U, roles.size());
  EXPECT_EQ("z", roles[0].name);
  EXPECT_EQ("m", roles[1].name);
  EXPECT_TRUE(roles[1].terminating);
  EXPECT_NE(nullptr, KeysOf(*delegations, "a"));
  EXPECT_EQ(nullptr, KeysOf(*delegations, "c"));
}

// SHA-256("x") is 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881.
TEST(DelegationsTest, HashPrefixesAndBins) {
  const auto by_prefix = Read("[" + With(kRole, R"("paths":["*"])", R"("path_hash_prefixes":["2e","2d7"])") + "]");
  ASSERT_TRUE(by_prefix.ok());
  EXPECT_EQ(1U, RolesFor(*by_prefix, "x").size());
  EXPECT_EQ(0U, RolesFor(*by_prefix, "y").size());
  const auto bins = [](const std::string& bits) {
    return Read(R"({"keyids":["k"],"threshold":1,"name_prefix":"bin","bit_length":)" + bits + "}", "succinct_roles");
  };
  EXPECT_EQ("bin-0", RolesFor(*bins("1"), "x").at(0).name);
  EXPECT_EQ("bin-1", RolesFor(*bins("3"), "x").at(0).name);
  EXPECT_EQ("bin-16", RolesFor(*bins("7"), "x").at(0).name);
  EXPECT_EQ("bin-2d711642", RolesFor(*bins("32"), "x").at(0).name);
  EXPECT_NE(nullptr, KeysOf(*bins("3"), "bin-7"));
  for (const char* name : {"bin-8", "bin-", "bin-07", "bin-A", "other-1", "bin-7x", "bin"}) {
    EXPECT_EQ(nullptr, KeysOf(*bins("3"), name)) << name;
  }
  for (const char* bits : {"0", "33", "-1", "1.0", "\"8\""}) EXPECT_FALSE(bins(bits).ok()) << bits;
}

}  // namespace
}  // namespace pullseal::tuf
