// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/matcher.h"

#include <gtest/gtest.h>

#include "verify/predicate/custom.h"
#include "verify/predicate/limits.h"
#include "verify/predicate/parsed.h"
#include "verify/predicate/timestamp.h"

namespace pullseal::predicate {
namespace {

bool Holds(std::string_view at, Condition condition, std::string_view document) {
  const auto matcher = Matcher::Make(At(at), std::move(condition));
  EXPECT_TRUE(matcher.ok()) << at;
  return matcher->Holds(Parsed(document));
}

Condition IsText(std::string text) { return ValueTest(Is{std::move(text)}); }

TEST(PointerTest, ReadsRfc6901) {
  EXPECT_TRUE(Holds("/a~1b/~0c/1", ValueTest(Is{std::int64_t{7}}), R"({"a/b":{"~c":[3,7]}})"));
  EXPECT_FALSE(Holds("/a/01", ValueTest(Is{std::int64_t{7}}), R"({"a":[3,7]})"));
  for (const char* wrong : {"", "a", "/a~", "/a~2"}) EXPECT_FALSE(Pointer::Parse(wrong).ok()) << wrong;
  std::string deep;
  for (std::size_t i = 0; i <= limits::kPointerDepth; ++i) deep += "/a";
  EXPECT_FALSE(Pointer::Parse(deep).ok());
  EXPECT_FALSE(Pointer::Parse("/" + std::string(limits::kPointerBytes, 'a')).ok());
}

// "true" is not true, "3" is not 3, and 3.0 and 1e0 are no whole numbers.
TEST(MatcherTest, KindsAreKept) {
  EXPECT_TRUE(Holds("/a", ValueTest(Is{true}), R"({"a":true})"));
  EXPECT_FALSE(Holds("/a", ValueTest(Is{true}), R"({"a":"true"})"));
  EXPECT_FALSE(Holds("/a", ValueTest(Is{true}), R"({"a":1})"));
  EXPECT_TRUE(Holds("/a", ValueTest(Is{std::int64_t{3}}), R"({"a":3})"));
  for (const char* other : {R"({"a":"3"})", R"({"a":3.0})", R"({"a":3e0})", R"({"a":30e-1})"}) {
    EXPECT_FALSE(Holds("/a", ValueTest(Is{std::int64_t{3}}), other)) << other;
    EXPECT_FALSE(Holds("/a", ValueTest(AtLeast{1}), other)) << other;
    EXPECT_FALSE(Holds("/a", ValueTest(AtMost{9}), other)) << other;
  }
  EXPECT_TRUE(Holds("/a", IsText("3"), R"({"a":"3"})"));
  EXPECT_FALSE(Holds("/a", IsText("3"), R"({"a":3})"));
}

TEST(MatcherTest, WhatIsNotThereSatisfiesNothing) {
  for (const char* nothing : {"{}", R"({"a":null})", R"({"b":1})", "[]", R"({"A":"x"})"}) {
    EXPECT_FALSE(Holds("/a", IsText("x"), nothing)) << nothing;
    EXPECT_FALSE(Holds("/a", IsText(""), nothing)) << nothing;
    EXPECT_FALSE(Holds("/a", ValueTest(AtMost{9}), nothing)) << nothing;
    EXPECT_FALSE(Holds("/a", Count{.at_most = 5}, nothing)) << nothing;
    EXPECT_TRUE(Holds("/a", Absent{}, nothing)) << nothing;
  }
  EXPECT_FALSE(Holds("/a", Absent{}, R"({"a":false})"));
}

TEST(MatcherTest, Texts) {
  EXPECT_TRUE(Holds("/a", ValueTest(Prefix{"rel"}), R"({"a":"release"})"));
  EXPECT_FALSE(Holds("/a", ValueTest(Prefix{"lea"}), R"({"a":"release"})"));
  const Matches whole{std::move(*TextPattern::Parse("v1\\.[0-9]"))};
  EXPECT_TRUE(Holds("/a", ValueTest(whole), R"({"a":"v1.2"})"));
  EXPECT_FALSE(Holds("/a", ValueTest(whole), R"({"a":"xv1.2"})"));
  EXPECT_FALSE(Holds("/a", ValueTest(whole), R"({"a":"v1.23"})"));
  EXPECT_TRUE(Holds("/a", ValueTest(In{{std::string("x"), true}}), R"({"a":true})"));
  EXPECT_FALSE(Holds("/a", ValueTest(In{{std::string("x"), true}}), R"({"a":"y"})"));
}

TEST(MatcherTest, Times) {
  const ValueTest newer = NewerThan{Time("2026-01-01T00:00:00Z")};
  const ValueTest older = OlderThan{Time("2026-01-01T00:00:00Z")};
  EXPECT_TRUE(Holds("/a", newer, R"({"a":"2026-01-01T00:00:01Z"})"));
  EXPECT_FALSE(Holds("/a", newer, R"({"a":"2026-01-01T01:00:00+02:00"})"));
  EXPECT_TRUE(Holds("/a", older, R"({"a":"2026-01-01T01:00:00.123456789+02:00"})"));
  for (const char* none : {R"({"a":"0001-01-01T00:00:00Z"})", R"({"a":"soon"})", R"({"a":1})"}) {
    EXPECT_FALSE(Holds("/a", newer, none)) << none;
    EXPECT_FALSE(Holds("/a", older, none)) << none;
  }
}

TEST(MatcherTest, AllAndNoneOverNothingDoNotHold) {
  const ValueTest passed = Is{std::string("PASSED")};
  const Quantified all{Quantifier::kAll, passed};
  const Quantified none{Quantifier::kNone, passed};
  for (const char* nothing : {"{}", R"({"runs":[]})", R"({"runs":{}})", R"({"runs":null})", R"({"runs":7})"}) {
    EXPECT_FALSE(Holds("/runs/*/result", all, nothing)) << nothing;
    EXPECT_FALSE(Holds("/runs/*/result", none, nothing)) << nothing;
  }
  // An empty list may be meant; another shape never is.
  const Quantified empty_too{Quantifier::kAll, passed, true};
  EXPECT_TRUE(Holds("/runs/*/result", empty_too, R"({"runs":[]})"));
  EXPECT_FALSE(Holds("/runs/*/result", empty_too, "{}"));
  EXPECT_FALSE(Holds("/runs/*/result", empty_too, R"({"Data":"{\"runs\":[]}"})"));
}

TEST(MatcherTest, Quantifiers) {
  const ValueTest passed = Is{std::string("PASSED")};
  const Quantified any{Quantifier::kAny, passed};
  const Quantified all{Quantifier::kAll, passed};
  const Quantified none{Quantifier::kNone, passed};
  const char* mixed = R"({"runs":[{"result":"PASSED"},{"result":"FAILED"}]})";
  EXPECT_TRUE(Holds("/runs/*/result", any, mixed));
  EXPECT_FALSE(Holds("/runs/*/result", all, mixed));
  EXPECT_FALSE(Holds("/runs/*/result", none, mixed));
  EXPECT_TRUE(Holds("/runs/*/result", all, R"({"runs":{"a":{"result":"PASSED"}}})"));
  EXPECT_TRUE(Holds("/runs/*/result", none, R"({"runs":[{"result":"FAILED"}]})"));
  // One that does not say is neither all nor none.
  EXPECT_FALSE(Holds("/runs/*/result", all, R"({"runs":[{"result":"PASSED"},{}]})"));
  EXPECT_FALSE(Holds("/runs/*/result", none, R"({"runs":[{"result":"FAILED"},{"Result":"PASSED"}]})"));
}

TEST(MatcherTest, Counts) {
  EXPECT_TRUE(Holds("/a", Count{.at_least = 2, .at_most = 2}, R"({"a":[1,2]})"));
  EXPECT_FALSE(Holds("/a", Count{.at_least = 3}, R"({"a":[1,2]})"));
  EXPECT_FALSE(Holds("/a", Count{.at_most = 1}, R"({"a":{"x":1,"y":2}})"));
  EXPECT_FALSE(Holds("/a", Count{.at_most = 1}, R"({"a":"x"})"));
}

TEST(MatcherTest, RefusesConditionsThatSayNothing) {
  EXPECT_FALSE(Matcher::Make(At("/a/*"), IsText("x")).ok());
  EXPECT_FALSE(Matcher::Make(At("/a"), Quantified{Quantifier::kAny, Is{true}}).ok());
  EXPECT_FALSE(Matcher::Make(At("/a"), ValueTest(In{})).ok());
  EXPECT_FALSE(Matcher::Make(At("/a"), ValueTest(Prefix{""})).ok());
  EXPECT_FALSE(Matcher::Make(At("/a"), Count{}).ok());
}

TEST(CustomRuleTest, RefusesWhatIsUnsafe) {
  const auto one = [] { return std::vector<Matcher>{std::move(*Matcher::Make(At("/a"), ValueTest(Is{true})))}; };
  EXPECT_TRUE(CustomRule::Make("https://acme.example/approval/v1", one(), At("/at")).ok());
  EXPECT_FALSE(CustomRule::Make("", one(), std::nullopt).ok());
  EXPECT_FALSE(CustomRule::Make("https://sigstore.dev/cosign/sign/v1", one(), std::nullopt).ok());
  EXPECT_FALSE(CustomRule::Make("https://acme.example/approval/v1", {}, std::nullopt).ok());
  EXPECT_FALSE(CustomRule::Make("https://acme.example/approval/v1", one(), At("/at/*")).ok());
}

TEST(CustomRuleTest, EveryConditionMustHold) {
  std::vector<Matcher> where;
  where.push_back(std::move(*Matcher::Make(At("/approved"), ValueTest(Is{true}))));
  where.push_back(std::move(*Matcher::Make(At("/level"), ValueTest(AtLeast{3}))));
  const auto rule = CustomRule::Make("https://acme.example/approval/v1", std::move(where), At("/at"));
  ASSERT_TRUE(rule.ok());
  EXPECT_TRUE(rule->Check(Parsed(R"({"approved":true,"level":3})")).passes());
  const Verdict low = rule->Check(Parsed(R"({"approved":true,"level":2})"));
  EXPECT_EQ(Answer::kMismatch, low.answer);
  EXPECT_EQ("at /level", low.detail);
  EXPECT_FALSE(rule->Check(Parsed(R"({"level":3})")).passes());
  EXPECT_EQ(Time("2026-03-01T00:00:00Z"), **rule->TimeOf(Parsed(R"({"at":"2026-03-01T02:00:00+02:00"})")));
  EXPECT_FALSE(rule->TimeOf(Parsed("{}"))->has_value());
  EXPECT_FALSE(rule->TimeOf(Parsed(R"({"at":5})")).ok());
}

TEST(TimestampTest, ReadsWhatToolsWrite) {
  EXPECT_EQ(Time("2026-11-24T10:00:00.864682Z"), **ReadTimestamp("2026-11-24T19:00:00.864682+09:00"));
  EXPECT_EQ(Time("2026-11-24T10:00:00Z"), **ReadTimestamp("2026-11-24T04:30:00-05:30"));
  EXPECT_FALSE(ReadTimestamp("0001-01-01T00:00:00Z")->has_value());
  for (const char* wrong : {"", "2026-11-24", "2026-11-24T10:00:60Z", "2026-11-24T10:00:00+24:00",
                            "2026-11-24T10:00:00+0100", "2026-11-24 10:00:00Z", "2026-11-24T10:00:00"}) {
    EXPECT_FALSE(ReadTimestamp(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace pullseal::predicate
