// SPDX-License-Identifier: Apache-2.0
// What the model refuses to be made of, whoever makes it.
#include "policy/model/model.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "fakes/test_authority.h"
#include "image/oci/reference.h"
#include "policy/model/match.h"

namespace pullseal::policy {
namespace {

const WallTime kNow = *ParseTime("2026-11-22T12:00:00Z");

Match Apps() { return *Match::Make({.images = {*ImageGlob::Parse("reg.io/*", false)}}); }

Rule::Head Head(const std::string& name = "app") { return {.name = name, .labels = {}, .match = Apps()}; }

requirement::Requirement ByRelease() {
  static const fakes::TestAuthority release;
  auto key = requirement::Key::Make("release", *crypto::PublicKey::ParsePem(release.PublicPem()));
  return {.signatures = *requirement::SignatureRequirement::Make({*key})};
}

// Nothing that decides can be made without saying what it decides.
static_assert(!std::is_default_constructible_v<Rule>);
static_assert(!std::is_default_constructible_v<Exception>);
static_assert(!std::is_default_constructible_v<Match>);
static_assert(!std::is_default_constructible_v<ImageGlob>);
static_assert(!std::is_copy_assignable_v<Rule> && !std::is_copy_assignable_v<Exception>);

TEST(ModelTest, ADefaultMadePolicyLetsNothingRun) {
  const auto name = oci::Reference::Parse("reg.io/app:1");
  const Selection selection = Select(Policy(), Subject{*name, "default", std::nullopt, std::nullopt}, kNow);
  EXPECT_TRUE(selection.all.empty());
  EXPECT_FALSE(selection.complete);
}

TEST(ModelTest, AMatchOfEverythingIsMadeByAnUnsafeNameOnly) {
  EXPECT_FALSE(Match::Make({}).ok());
  EXPECT_FALSE(Match::Make({.namespaces = {"prod"}, .node_labels = {{"pool", "x"}}}).ok());
  EXPECT_TRUE(Match::Make({.digests = {*oci::Digest::Parse("sha256:" + std::string(64, 'a'))}}).ok());
  EXPECT_TRUE(Match::MakeUnsafe({}).images().empty());
}

TEST(ModelTest, AJudgedRuleAsksForSomebody) {
  EXPECT_FALSE(Rule::Enforce(Head(), {}).ok());
  EXPECT_FALSE(Rule::UnsafeAudit(Head(), {}).ok());
  const auto rule = Rule::Enforce(Head(), ByRelease());
  ASSERT_TRUE(rule.ok()) << rule.error().message;
  EXPECT_EQ(RuleMode::kEnforce, rule->mode);
  EXPECT_TRUE(rule->IsJudged());
  EXPECT_EQ(OnUnavailable::kDeny, rule->on_unavailable);
}

TEST(ModelTest, RulesThatAreNotJudgedAskForNobody) {
  for (const Rule& rule : {*Rule::UnsafeAllow(Head()), *Rule::Deny(Head())}) {
    EXPECT_FALSE(rule.IsJudged());
    EXPECT_TRUE(rule.require.signatures.any_of().empty());
  }
  EXPECT_EQ(RuleMode::kDeny, Rule::Deny(Head())->mode);
}

TEST(ModelTest, SomebodyAnswersForAnException) {
  EXPECT_TRUE(Exception::Make("legacy", Apps(), kNow, "team-a", "INC-1").ok());
  EXPECT_FALSE(Exception::Make("", Apps(), kNow, "team-a", "INC-1").ok());
  EXPECT_FALSE(Exception::Make("legacy", Apps(), kNow, "", "INC-1").ok());
  EXPECT_FALSE(Exception::Make("legacy", Apps(), kNow, "team-a", "").ok());
}

}  // namespace
}  // namespace pullseal::policy
