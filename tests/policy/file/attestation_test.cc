// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fakes/test_authority.h"
#include "policy/file/parse.h"

namespace pullseal::policy {
namespace {

using requirement::Which;

Result<Policy> Read(const std::string& attestations) {
  static const fakes::TestAuthority key;
  static const fakes::TestAuthority other;
  return ParsePolicy(
      "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: test}\n"
      "keys:\n  - {name: release, file: a}\n  - {name: verifier, file: b}\n"
      "rules:\n  - name: app\n    match: {images: [\"reg.io/**\"]}\n    require:\n      attestations:\n" +
          attestations,
      [](const std::string& file) { return Result<std::string>((file == "a" ? key : other).PublicPem()); });
}

TEST(AttestationPolicyTest, ReadsEveryType) {
  const auto policy = Read(
      "        - name: built\n          type: provenance\n"
      "          by: [{key: release, builders: [\"https://github.com/acme/ci/.github/workflows/build.yml\"]}]\n"
      "          subject: index\n          maxAge: 180d\n          maxAgeKnown: 400d\n"
      "          provenance:\n            builderRef: tag-semver\n            buildTypes: [\"b:t\"]\n"
      "            sources: [\"https://github.com/acme/*\"]\n            refs: [\"refs/tags/v*\"]\n"
      "            parameters: {/workflow/path: .github/workflows/release.yml, /n: 3, /b: true, /t: \"true\"}\n"
      "            otherParameters: deny\n"
      "        - name: verified\n          type: vsa\n          by: [{key: verifier, verifier: "
      "\"https://v.example\"}]\n"
      "          vsa: {levels: [SLSA_BUILD_LEVEL_2], policy: \"https://acme.example/prod\", resource: bound}\n"
      "        - name: approved\n          type: custom\n          predicateType: https://acme.example/approval/v1\n"
      "          by: [{key: release}]\n          which: newest\n          time: /approvedAt\n          where:\n"
      "            - {at: /approved, is: true}\n            - {at: \"/reviewers/*\", any: {in: [ana, bob]}}\n"
      "            - {at: \"/runs/*/result\", all: {is: PASSED, orEmpty: true}}\n            - {at: /level, atLeast: "
      "3}\n"
      "            - {at: /environment, absent: true}\n            - {at: /list, count: {atMost: 2}}\n"
      "            - {at: /name, matches: \"v[0-9]+\"}\n            - {at: /at, newerThan: 2026-01-01T00:00:00Z}\n");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  const auto& require = policy->rules.at(0).require;
  EXPECT_FALSE(require.signatures.asks());
  ASSERT_EQ(1U, require.attestations.size());
  ASSERT_EQ(3U, require.attestations[0].size());
  const auto& built = require.attestations[0][0];
  EXPECT_EQ("built", built.name());
  EXPECT_EQ(Which::kAny, built.which());
  EXPECT_EQ(requirement::SubjectKind::kIndex, built.subject());
  EXPECT_EQ(std::chrono::hours(24 * 180), built.freshness().max_age);
  const auto& terms = std::get<predicate::ProvenanceRule>(built.rule()).terms();
  EXPECT_EQ(predicate::BuilderRef::kTagSemver, terms.builder_ref);
  ASSERT_EQ(4U, terms.parameters.size());
  EXPECT_EQ(predicate::Scalar(std::int64_t{3}), terms.parameters[1].second);
  EXPECT_EQ(predicate::Scalar(true), terms.parameters[2].second);
  EXPECT_EQ(predicate::Scalar(std::string("true")), terms.parameters[3].second);
  EXPECT_EQ(Which::kNewest, require.attestations[0][1].which());
}

TEST(AttestationPolicyTest, ListsOfWhichOneMustHold) {
  const std::string entry =
      "{name: N, type: custom, predicateType: \"a:b\", by: [{key: release}], which: any, where: "
      "[{at: /a, is: 1}]}";
  const auto named = [&](const std::string& name) {
    std::string out = entry;
    return out.replace(out.find("N,"), 1, name);
  };
  const auto policy = Read("        anyOf: [[" + named("one") + "], [" + named("two") + "]]\n");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ(2U, policy->rules.at(0).require.attestations.size());
  EXPECT_FALSE(Read("        anyOf: [[" + named("one") + "], []]\n").ok());
  EXPECT_FALSE(Read("        anyOf: [[" + named("one") + "], [" + named("one") + "]]\n").ok());
  EXPECT_FALSE(Read("        anyOf: []\n").ok());
}

// Each is refused at load, with the line and what to write.
TEST(AttestationPolicyTest, RefusesWhatIsUnsafe) {
  const std::string custom = "        - {name: a, type: custom, predicateType: \"a:b\", ";
  const std::string where = "where: [{at: /a, is: 1}]}\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"        []\n", "empty"},
      {custom + "which: any, " + where, "no field \"by\""},
      {custom + "by: [], which: any, " + where, "anybody's"},
      {custom + "by: [{key: release}], " + where, "which"},
      {custom + "by: [{key: nobody}], which: any, " + where, "not among the policy's keys"},
      {custom + "by: [{key: release, builders: [\"b:x\"]}], which: any, " + where, "provenance"},
      {custom + "by: [{key: release}], which: any, maxAge: 7d, " + where, "time"},
      {custom + "by: [{key: release}], which: any, where: []}\n", "conditions"},
      {custom + "by: [{key: release}], which: any, where: [{at: a, is: 1}]}\n", "begins with"},
      {custom + "by: [{key: release}], which: any, where: [{at: \"/a/*\", is: 1}]}\n", "any, all or none"},
      {custom + "by: [{key: release}], which: any, where: [{at: /a, is: 1, atLeast: 2}]}\n", "one test"},
      {custom + "by: [{key: release}], which: newest, maxAge: soon, " + where, "14d"},
      {"        - {name: a, type: sbom, by: [{key: release}]}\n", "not offered yet"},
      {"        - {name: a, type: other, by: [{key: release}]}\n", "type must be"},
      {"        - {name: a, type: provenance, by: [{key: release}]}\n", "builders"},
      {"        - {name: a, type: vsa, by: [{key: release}], vsa: {levels: [X]}}\n", "verifier"},
      {"        - {name: a, type: vsa, by: [{key: release, verifier: \"v:x\"}], vsa: {levels: []}}\n", "levels"},
      {"        - {name: a, type: provenance, by: [{key: release, builders: [\"b:x\"]}], provenance: {sources: "
       "[\"https://github.com/*\"]}}\n",
       "account"},
      {"        - {name: a, type: provenance, by: [{key: release, builders: [\"b:x\"]}], where: [{at: /a, is: 1}]}\n",
       "custom"},
  };
  for (const auto& [text, expected] : cases) {
    const auto policy = Read(text);
    ASSERT_FALSE(policy.ok()) << text;
    EXPECT_NE(std::string::npos, policy.error().message.find(expected)) << text << policy.error().message;
    EXPECT_TRUE(policy.error().message.starts_with("1")) << policy.error().message;
  }
}

}  // namespace
}  // namespace pullseal::policy
