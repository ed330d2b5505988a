// SPDX-License-Identifier: Apache-2.0
// Where the pod's namespace or the node's labels are not known (the verifier plugin is not told), several rules may
// apply: all of them must allow, and for every case there must be one.
#include <gtest/gtest.h>

#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/test_authority.h"
#include "gate/gate/gate.h"
#include "gate/gate/snapshot.h"
#include "policy/file/parse.h"

namespace pullseal::gate {
namespace {

class SeveralRulesTest : public ::testing::Test {
 protected:
  SeveralRulesTest() {
    digest_ = *oci::Digest::Parse(http_.PutManifest(
        "reg.io", "app", "1", fakes::ImageManifest("sha256:" + std::string(64, 'c')), fakes::kImageType));
  }
  // What is decided for the unsigned image reg.io/app by `rules` (lines of YAML), for a pod of a namespace that is not
  // known, and on a node with `labels`.
  Decision Decide(const std::string& rules, std::optional<std::map<std::string, std::string>> labels = {}) {
    const std::string text =
        "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\n"
        "keys: [{name: release, file: x}]\nrules:\n" +
        rules;
    auto policy =
        policy::ParsePolicy(text, [&](const std::string&) { return Result<std::string>(release_.PublicPem()); });
    EXPECT_TRUE(policy.ok()) << policy.error().message;
    if (!policy) return {};
    const Snapshot snapshot{std::move(*policy), std::move(labels)};
    Question question{name_, std::nullopt, {}, {}, clock_.Steady() + kTime};
    const Decision pull = gate_.DecidePull(snapshot, question).decision;
    question.candidates = {*digest_};
    const Decision content = gate_.DecideContent(snapshot, question);
    EXPECT_EQ(pull.reason, content.reason) << "a pull and a create are decided alike";
    EXPECT_EQ(pull.rule, content.rule);
    return content;
  }

  static constexpr auto kTime = std::chrono::seconds(20);
  static constexpr const char* kRequire = ", require: {signatures: {anyOf: [{key: release}]}}}\n";
  static std::string Allow(const std::string& match) {
    return "  - {name: allows, mode: allow, match: {images: [\"reg.io/*\"]" + match + "}}\n";
  }
  static std::string Deny(const std::string& match) {
    return "  - {name: denies, mode: deny, match: {images: [\"reg.io/*\"]" + match + "}}\n";
  }
  static std::string Asks(const std::string& name, const std::string& mode, const std::string& match) {
    return "  - {name: " + name + ", mode: " + mode + ", match: {images: [\"reg.io/*\"]" + match + "}" + kRequire;
  }
  fakes::FakeClock clock_;
  fakes::FakeRegistry http_;
  fakes::TestAuthority release_;
  registry::Client client_{http_, clock_, registry::Config{}};
  Gate gate_{client_, clock_, oci::Platform{"linux", "amd64", ""}, Options{}};
  const oci::Reference name_ = *oci::Reference::Parse("reg.io/app:1");
  std::optional<oci::Digest> digest_;
};

TEST_F(SeveralRulesTest, ARefusingRuleWins) {
  const Decision behind = Decide(Allow(", namespaces: [lax]") + Asks("asks", "enforce", ""));
  EXPECT_EQ(Reason::kSignatureMissing, behind.reason);
  EXPECT_EQ("asks", behind.rule);
  EXPECT_FALSE(behind.audit_only);
  const Decision before = Decide(Asks("asks", "enforce", ", namespaces: [strict]") + Allow(""));
  EXPECT_EQ(Reason::kSignatureMissing, before.reason);
  EXPECT_EQ("asks", before.rule);
  EXPECT_EQ(Reason::kRuleDenies, Decide(Deny(", namespaces: [strict]") + Allow("")).reason);
}

TEST_F(SeveralRulesTest, ARefusingRuleOfUnknownLabelsWins) {
  const std::string rules = Asks("asks", "enforce", ", nodeLabels: {pool: strict}") + Allow("");
  EXPECT_EQ(Reason::kSignatureMissing, Decide(rules).reason);
  EXPECT_EQ(Reason::kSignatureMissing, Decide(rules, {{{"pool", "strict"}}}).reason);
  EXPECT_EQ(Reason::kExempt, Decide(rules, {{{"pool", "lax"}}}).reason);
}

TEST_F(SeveralRulesTest, ASelectionThatIsNotCompleteRefuses) {
  const Decision decision = Decide(Allow(", namespaces: [lax]"));
  EXPECT_EQ(Reason::kNoRule, decision.reason) << "the pod may be of another namespace, which no rule speaks of";
  EXPECT_EQ(Outcome::kDeny, decision.outcome());
  EXPECT_EQ(Reason::kNoRule, Decide(Allow(", nodeLabels: {pool: lax}")).reason);
  EXPECT_EQ(Reason::kExempt, Decide(Allow(", nodeLabels: {pool: lax}"), {{{"pool", "lax"}}}).reason);
}

TEST_F(SeveralRulesTest, AllThatAllowAllow) {
  EXPECT_EQ(
      Reason::kExempt,
      Decide(Allow(", namespaces: [lax]") + "  - {name: too, mode: allow, match: {images: [\"reg.io/*\"]}}\n").reason);
}

TEST_F(SeveralRulesTest, ARefusalThatStandsIsToldBeforeOneThatIsOnlyRecorded) {
  for (const std::string& rules : {Asks("records", "audit", ", namespaces: [a]") + Asks("refuses", "enforce", ""),
                                   Asks("refuses", "enforce", ", namespaces: [a]") + Asks("records", "audit", "")}) {
    const Decision decision = Decide(rules);
    EXPECT_EQ("refuses", decision.rule) << rules;
    EXPECT_FALSE(decision.audit_only) << rules;
  }
  EXPECT_TRUE(Decide(Asks("records", "audit", ", namespaces: [a]") + Asks("too", "audit", "")).audit_only);
}

}  // namespace
}  // namespace pullseal::gate
