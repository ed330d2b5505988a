// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/vsa.h"

#include <gtest/gtest.h>

#include "verify/predicate/limits.h"
#include "verify/predicate/parsed.h"
#include "verify/predicate/purl.h"
#include "verify/predicate/real_statements.h"
#include "verify/predicate/type.h"

namespace pullseal::predicate {
namespace {

constexpr const char* kVsa = R"({"verifier":{"id":"https://verify.acme.example"},"timeVerified":"2026-01-01T00:00:00Z",
  "resourceUri":"ghcr.io/acme/app","policy":{"uri":"https://acme.example/prod"},"verificationResult":"PASSED",
  "verifiedLevels":["SLSA_BUILD_LEVEL_2","ACME_REVIEWED"]})";
const std::vector<std::string> kVerifiers = {"https://verify.acme.example"};

Image App() { return Image{{oci::Digest::Of(AsBytes("app"))}, "ghcr.io/acme/app", {"mirror.example/acme/app"}}; }

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(std::string::npos, at) << from;
  return text.replace(at, from.size(), to);
}

Answer AnswerTo(VsaTerms terms, const std::string& text, const std::vector<std::string>& verifiers = kVerifiers) {
  const auto rule = VsaRule::Make(std::move(terms));
  EXPECT_TRUE(rule.ok());
  const auto vsa = Vsa::Read(Parsed(text));
  return vsa ? rule->Check(*vsa, verifiers, App()).answer : Answer::kMalformed;
}

TEST(VsaTest, Levels) {
  EXPECT_EQ(Answer::kPasses, AnswerTo({.levels = {"SLSA_BUILD_LEVEL_2"}}, kVsa));
  EXPECT_EQ(Answer::kPasses, AnswerTo({.levels = {"SLSA_BUILD_LEVEL_1", "ACME_REVIEWED"}}, kVsa));
  EXPECT_EQ(Answer::kVerificationFailed, AnswerTo({.levels = {"SLSA_BUILD_LEVEL_3"}}, kVsa));
  EXPECT_EQ(Answer::kVerificationFailed, AnswerTo({.levels = {"SLSA_SOURCE_LEVEL_1"}}, kVsa));
  EXPECT_EQ(Answer::kVerificationFailed, AnswerTo({.levels = {"ACME"}}, kVsa));
  EXPECT_EQ(Answer::kVerificationFailed,
            AnswerTo({.levels = {"SLSA_BUILD_LEVEL_1"}}, Replaced(kVsa, "LEVEL_2", "LEVEL_UNEVALUATED")));
  // Of one track two levels contradict each other.
  EXPECT_EQ(Answer::kMalformed,
            AnswerTo({.levels = {"SLSA_BUILD_LEVEL_1"}}, Replaced(kVsa, "ACME_REVIEWED", "SLSA_BUILD_LEVEL_3")));
}

// FAILED beside levels is a no; so is a level that says so.
TEST(VsaTest, FailedIsNo) {
  EXPECT_EQ(Answer::kVerificationFailed,
            AnswerTo({.levels = {"SLSA_BUILD_LEVEL_2"}}, Replaced(kVsa, "PASSED", "FAILED")));
  EXPECT_EQ(Answer::kVerificationFailed,
            AnswerTo({.levels = {"SLSA_BUILD_LEVEL_2"}}, Replaced(kVsa, "ACME_REVIEWED", "FAILED")));
  EXPECT_EQ(Answer::kMalformed, AnswerTo({.levels = {"SLSA_BUILD_LEVEL_2"}}, Replaced(kVsa, "PASSED", "passed")));
}

TEST(VsaTest, VerifierPolicyAndForm) {
  const VsaTerms terms{.levels = {"SLSA_BUILD_LEVEL_2"}, .policy = "https://acme.example/prod"};
  EXPECT_EQ(Answer::kPasses, AnswerTo(terms, kVsa));
  EXPECT_EQ(Answer::kMismatch, AnswerTo(terms, kVsa, {"https://other.example"}));
  EXPECT_EQ(Answer::kMismatch, AnswerTo(terms, kVsa, {}));
  EXPECT_EQ(Answer::kMismatch, AnswerTo(terms, Replaced(kVsa, "/prod", "/test")));
  for (const char* member :
       {"\"verifier\"", "\"id\"", "\"policy\"", "\"uri\"", "\"verificationResult\"", "\"verifiedLevels\""}) {
    EXPECT_EQ(Answer::kMalformed, AnswerTo(terms, Replaced(kVsa, member, "\"x\""))) << member;
  }
  EXPECT_EQ(Answer::kMalformed, AnswerTo(terms, Replaced(kVsa, "2026-01-01T00:00:00Z", "yesterday")));
}

TEST(VsaTest, TheResourceIsTheImage) {
  const std::string hex = App().digests[0].text();
  const std::string other = oci::Digest::Of(AsBytes("other")).text();
  for (const std::string& good :
       {std::string("ghcr.io/acme/app"), std::string("https://ghcr.io/acme/app"),
        std::string("docker://ghcr.io/acme/app:v1"), "ghcr.io/acme/app@" + hex, "oci://mirror.example/acme/app@" + hex,
        "pkg:oci/app@" + Replaced(hex, ":", "%3A") + "?repository_url=ghcr.io%2Facme%2Fapp",
        std::string("pkg:oci/app?repository_url=ghcr.io/acme/app&tag=v1")}) {
    EXPECT_TRUE(IsAbout(good, App())) << good;
  }
  for (const std::string& wrong :
       {std::string(), std::string("ghcr.io/acme/app2"), std::string("ghcr.io/acme"), "ghcr.io/acme/app@" + other,
        std::string("acme/app"), "pkg:oci/app@" + hex, std::string("pkg:oci/app?repository_url=ghcr.io/acme/other"),
        "pkg:oci/app@" + other + "?repository_url=ghcr.io/acme/app",
        std::string("pkg:docker/app?repository_url=ghcr.io/acme/app"),
        std::string("https://evil.example/ghcr.io/acme/app"), std::string("ftp://ghcr.io/acme/app")}) {
    EXPECT_FALSE(IsAbout(wrong, App())) << wrong;
  }
  const std::string elsewhere = Replaced(kVsa, "ghcr.io/acme/app", "ghcr.io/acme/other");
  EXPECT_EQ(Answer::kMismatch, AnswerTo({.levels = {"SLSA_BUILD_LEVEL_2"}}, elsewhere));
  EXPECT_EQ(Answer::kPasses, AnswerTo({.levels = {"SLSA_BUILD_LEVEL_2"}, .resource_bound = false}, elsewhere));
}

TEST(VsaTest, RefusesRulesThatSayNothing) {
  EXPECT_FALSE(VsaRule::Make({}).ok());
  EXPECT_FALSE(VsaRule::Make({.levels = {"SLSA_BUILD_LEVEL_0"}}).ok());
  EXPECT_FALSE(VsaRule::Make({.levels = {"FAILED"}}).ok());
  EXPECT_FALSE(VsaRule::Make({.levels = {""}}).ok());
}

// Google's, about a machine's image: its levels are read, and it is about no container's.
TEST(VsaTest, ARealOne) {
  const auto statement = RealBundleStatement("vsa/gce/v1/gke-gce-pre.bcid-vsa.jsonl");
  EXPECT_EQ(kVsaV1, statement.predicate_type);
  const auto vsa = Vsa::Read(*statement.predicate);
  ASSERT_TRUE(vsa.ok()) << vsa.error().message;
  EXPECT_TRUE(vsa->passed);
  EXPECT_EQ("https://bcid.corp.google.com/verifier/bcid_package_enforcer/v0.1", vsa->verifier);
  EXPECT_EQ(Time("2024-06-12T07:24:34.351608Z"), vsa->verified);
  EXPECT_TRUE(statement.About(App().digests[0]).empty());
}

TEST(PurlTest, Reads) {
  const auto purl = Purl::Parse("pkg:npm/%40angular/animation@12.3.1?arch=x%26y#a/b");
  ASSERT_TRUE(purl.ok());
  EXPECT_EQ("npm/@angular/animation", purl->Package());
  EXPECT_EQ("12.3.1", purl->version);
  EXPECT_EQ("x&y", purl->qualifiers.at("arch"));
  EXPECT_EQ("npm/@angular/animation", Purl::Parse("pkg:npm/@angular/animation")->Package());
  EXPECT_EQ("pypi/my-thing", Purl::Parse("PKG:PyPI/My_Thing@1")->Package());
  EXPECT_EQ("maven/Org.X/Y", Purl::Parse("pkg:maven/Org.X/Y@1")->Package());
  for (const char* wrong : {"", "npm/a", "pkg:", "pkg:npm", "pkg:npm/", "pkg:n_m/a", "pkg:1a/a", "pkg:npm/a?x",
                            "pkg:npm/a?=x", "pkg:npm/a?x=1&x=2", "pkg:npm/a%2", "pkg:npm/a%00"}) {
    EXPECT_FALSE(Purl::Parse(wrong).ok()) << wrong;
  }
  EXPECT_FALSE(Purl::Parse("pkg:npm/" + std::string(limits::kPurlBytes, 'a')).ok());
}

TEST(PurlTest, Patterns) {
  const auto matches = [](const char* pattern, const char* purl) {
    return PurlPattern::Parse(pattern)->Matches(*Purl::Parse(purl));
  };
  constexpr const char* kLog4j = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.*";
  EXPECT_TRUE(matches(kLog4j, "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar"));
  EXPECT_FALSE(matches(kLog4j, "pkg:maven/org.apache.logging.log4j/log4j-core@2.17.0"));
  EXPECT_FALSE(matches(kLog4j, "pkg:maven/org.apache.logging.log4j/log4j-core@2.141"));
  // Whose version nobody tells may be the one.
  EXPECT_TRUE(matches(kLog4j, "pkg:maven/org.apache.logging.log4j/log4j-core"));
  EXPECT_FALSE(matches(kLog4j, "pkg:maven/org.apache.logging.log4j/log4j-api@2.14.1"));
  EXPECT_TRUE(matches("pkg:deb/debian/xz-utils", "pkg:deb/debian/xz-utils@5.6.0?arch=amd64"));
  EXPECT_FALSE(matches("pkg:npm/a@1", "pkg:npm/a@1.1"));
  for (const char* wrong : {"pkg:npm/*", "pkg:npm/a@*1", "pkg:npm/a@1?x=y", "pkg:npm/a#b", "lodash"}) {
    EXPECT_FALSE(PurlPattern::Parse(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace pullseal::predicate
