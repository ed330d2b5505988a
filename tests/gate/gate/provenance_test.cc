// SPDX-License-Identifier: Apache-2.0
// What runs without a satisfied signature runs only if something proves where it came from.
#include "gate/gate/provenance.h"

#include <gtest/gtest.h>

#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/test_authority.h"
#include "gate/gate/gate.h"
#include "gate/gate/snapshot.h"
#include "gate/gate/standing.h"
#include "policy/file/parse.h"

namespace pullseal::gate {
namespace {

const std::string kUnknown = "sha256:" + std::string(64, '5');

// What a node knows: what tests put there.
class KnownOrigins final : public Origins {
 public:
  Result<bool> IsProven(const OriginClaim& claim) override {
    ++asked;
    if (trouble) return *trouble;
    for (const oci::Digest& one : claim.candidates) {
      if (known.contains(claim.name.MatchName() + "@" + one.text())) return true;
    }
    return claim.action == policy::Action::kSandbox && pause;
  }
  Status Note(const oci::Reference& repository, const oci::Digest& digest, SteadyTime) override {
    notes.insert(repository.MatchName() + "@" + digest.text());
    return {};
  }
  void BeginPull(const oci::Reference&, const oci::Digest&, SteadyTime) override {}
  void EndPull(const oci::Reference&, const std::vector<oci::Digest>&, SteadyTime) override {}

  std::set<std::string> known;
  std::set<std::string> notes;
  std::optional<Error> trouble;
  bool pause = false;
  int asked = 0;
};

class ProvenanceTest : public testing::Test {
 protected:
  ProvenanceTest()
      : client_(http_, clock_, registry::Config{}),
        gate_(client_, clock_, oci::Platform{"linux", "amd64", ""}, Options{}, nullptr, &origins_) {
    digest_ = Put("free");
    SetRules("  - {name: free, mode: allow, match: {images: [\"reg.io/free\"]}}\n" +
             std::string("  - {name: tried, mode: audit, match: {images: [\"reg.io/tried\"]}, require: {signatures: "
                         "{anyOf: [{key: release}]}}}\n"
                         "  - {name: app, match: {images: [\"reg.io/*\"]}, require: {signatures: {anyOf: [{key: "
                         "release}]}}}\nexceptions:\n  - {name: legacy, match: {images: [\"reg.io/legacy\"]}, until: "
                         "2099-01-01T00:00:00Z, owner: o, reason: r}\n"));
  }
  void SetRules(const std::string& rules, const std::string& mode = "enforce") {
    auto policy =
        policy::ParsePolicy("apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\nmode: " + mode +
                                "\nkeys:\n  - {name: release, file: x}\nrules:\n" + rules,
                            [&](const std::string&) { return Result<std::string>(release_.PublicPem()); });
    ASSERT_TRUE(policy.ok()) << policy.error().message;
    snapshot_ = Snapshot{std::move(*policy), std::map<std::string, std::string>{}};
  }
  std::string Put(const std::string& repository) {
    return http_.PutManifest("reg.io", repository, "1", fakes::ImageManifest(kUnknown), fakes::kImageType);
  }
  Question Ask(const oci::Reference& name) {
    return Question{.name = name,
                    .pod_namespace = "default",
                    .candidates = {},
                    .credentials = {},
                    .deadline = clock_.Steady() + std::chrono::seconds(20)};
  }
  Decision Content(const std::string& image, const std::vector<std::string>& digests,
                   policy::Action action = policy::Action::kContainer) {
    const auto name = oci::Reference::Parse(image);
    Question question = Ask(*name);
    question.action = action;
    for (const std::string& one : digests) question.candidates.push_back(*oci::Digest::Parse(one));
    return gate_.DecideContent(snapshot_, question);
  }
  Pull PullOf(const std::string& image) {
    const auto name = oci::Reference::Parse(image);
    return gate_.DecidePull(snapshot_, Ask(*name));
  }
  void Break(long status) {
    http_.On("reg.io", [status](const http::HttpRequest&) { return fakes::FakeRegistry::Response(status); });
  }

  fakes::FakeClock clock_;
  fakes::FakeRegistry http_;
  fakes::TestAuthority release_;
  KnownOrigins origins_;
  registry::Client client_;
  Gate gate_;
  Snapshot snapshot_;
  std::string digest_;
};

TEST_F(ProvenanceTest, ANameAloneLetsNothingRun) {
  const Decision decision = Content("reg.io/free:1", {kUnknown});
  EXPECT_EQ(Reason::kProvenanceUnproven, decision.reason);
  EXPECT_EQ("free", decision.rule);
  EXPECT_EQ(Standing::kRefused, StandingOf(decision, &snapshot_));
}

TEST_F(ProvenanceTest, WhatTheNodeKnowsNeedsNoRegistry) {
  origins_.known.insert("reg.io/free@" + kUnknown);
  Break(500);
  EXPECT_EQ(Reason::kExempt, Content("reg.io/free:1", {kUnknown}).reason);
  EXPECT_EQ(Reason::kExempt, Content("reg.io/free:1", {kUnknown}).reason);
  EXPECT_EQ(1, origins_.asked) << "that content came from somewhere stays true";
  EXPECT_TRUE(http_.Requests().empty());
}

TEST_F(ProvenanceTest, TheRegistryIsAskedOnceAndItsAnswerIsNoted) {
  EXPECT_EQ(Reason::kExempt, Content("reg.io/free:1", {kUnknown, digest_}).reason);
  EXPECT_EQ(1U, http_.Requests().size()) << "the manifest that runs";
  EXPECT_EQ((std::set<std::string>{"reg.io/free@" + digest_}), origins_.notes);
  EXPECT_EQ(Reason::kExempt, Content("reg.io/free:2", {digest_}).reason);
  EXPECT_EQ(1U, http_.Requests().size());
}

TEST_F(ProvenanceTest, ACertainNoIsRememberedForAWhileOnly) {
  EXPECT_EQ(Reason::kProvenanceUnproven, Content("reg.io/free:1", {kUnknown}).reason);
  const std::size_t requests = http_.Requests().size();
  EXPECT_EQ(Reason::kProvenanceUnproven, Content("reg.io/free:1", {kUnknown}).reason);
  EXPECT_EQ(requests, http_.Requests().size());
  clock_.Advance(limits::kOriginNoTime + std::chrono::seconds(1));
  EXPECT_EQ(Reason::kProvenanceUnproven, Content("reg.io/free:1", {kUnknown}).reason);
  EXPECT_LT(requests, http_.Requests().size());
}

TEST_F(ProvenanceTest, TroubleIsCouldNotDecide) {
  Break(503);
  EXPECT_EQ(Outcome::kUnavailable, Content("reg.io/free:1", {digest_}).outcome());
  clock_.Advance(std::chrono::minutes(10));
  Break(401);
  const Decision decision = Content("reg.io/free:1", {digest_});
  EXPECT_EQ(Reason::kRegistryUnauthorized, decision.reason);
  EXPECT_NE(std::string_view::npos, AdviceOf(decision).find("where it came from"));
  EXPECT_TRUE(origins_.notes.empty());
}

TEST_F(ProvenanceTest, TroubleOfTheNodeIsNotHealedByTheRegistrysNo) {
  origins_.trouble = Error{ErrorCode::kTimeout, "containerd is slow"};
  EXPECT_EQ(Outcome::kUnavailable, Content("reg.io/free:1", {kUnknown}).outcome());
  EXPECT_EQ(Reason::kExempt, Content("reg.io/free:1", {digest_}).reason) << "nor does it spoil its yes";
}

TEST_F(ProvenanceTest, ADigestInTheMatchIsProof) {
  SetRules("  - {name: pinned, mode: allow, match: {images: [\"reg.io/free\"], digests: [\"" + kUnknown + "\"]}}\n");
  EXPECT_EQ(Reason::kExempt, Content("reg.io/free:1", {kUnknown}).reason);
  EXPECT_TRUE(http_.Requests().empty());
  EXPECT_EQ(0, origins_.asked);
}

TEST_F(ProvenanceTest, ARuleInAuditModeRefusesWhatCameFromNowhere) {
  const Decision unproven = Content("reg.io/tried:1", {kUnknown});
  EXPECT_EQ(Reason::kProvenanceUnproven, unproven.reason);
  EXPECT_EQ(Standing::kRefused, StandingOf(unproven, &snapshot_));
  const Decision proven = Content("reg.io/tried:1", {Put("tried")});
  EXPECT_EQ(Reason::kSignatureMissing, proven.reason);
  EXPECT_EQ(Standing::kOnlyRecorded, StandingOf(proven, &snapshot_));
}

TEST_F(ProvenanceTest, ASatisfiedSignatureNeedsNoProofOfOrigin) {
  const std::string payload = fakes::SimpleSigningPayload("reg.io/tried", kUnknown);
  http_.PutSignatures("reg.io", "tried", kUnknown, {{payload, release_.SignBase64(payload)}});
  EXPECT_EQ(Reason::kSigned, Content("reg.io/tried:1", {kUnknown}).reason);
  EXPECT_EQ(0, origins_.asked);
}

TEST_F(ProvenanceTest, AnExceptionWithoutProofIsPassedOver) {
  const Decision unproven = Content("reg.io/legacy:1", {kUnknown});
  EXPECT_EQ(Reason::kSignatureMissing, unproven.reason) << "the next rule decides";
  EXPECT_EQ("app", unproven.rule);
  EXPECT_EQ(Reason::kException, Content("reg.io/legacy:1", {Put("legacy")}).reason);
  const std::string payload = fakes::SimpleSigningPayload("reg.io/legacy", kUnknown);
  http_.PutSignatures("reg.io", "legacy", kUnknown, {{payload, release_.SignBase64(payload)}});
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_EQ(Reason::kSigned, Content("reg.io/legacy:1", {kUnknown}).reason);
}

TEST_F(ProvenanceTest, AnExceptionThatCouldNotBeLookedAtLeavesItOpen) {
  SetRules(
      "  - {name: other, mode: deny, match: {images: [\"other.io/*\"]}}\nexceptions:\n  - {name: legacy, match: "
      "{images: [\"reg.io/legacy\"]}, until: 2099-01-01T00:00:00Z, owner: o, reason: r}\n");
  EXPECT_EQ(Reason::kNoRule, Content("reg.io/legacy:1", {kUnknown}).reason);
  clock_.Advance(std::chrono::minutes(1));
  Break(503);
  EXPECT_EQ(Outcome::kUnavailable, Content("reg.io/legacy:1", {kUnknown}).outcome());
}

TEST_F(ProvenanceTest, UnderAPolicyInAuditModeItIsOnlyRecorded) {
  SetRules("  - {name: free, mode: allow, match: {images: [\"reg.io/free\"]}}\n", "audit");
  const Decision decision = Content("reg.io/free:1", {kUnknown});
  EXPECT_EQ(Reason::kProvenanceUnproven, decision.reason);
  EXPECT_EQ(Standing::kOnlyRecorded, StandingOf(decision, &snapshot_));
}

TEST_F(ProvenanceTest, APullsOneResolutionIsTheProof) {
  const Pull pull = PullOf("reg.io/free:1");
  EXPECT_EQ(Reason::kExempt, pull.decision.reason);
  EXPECT_EQ(digest_, pull.digest->text()) << "it goes on by what was resolved";
  EXPECT_EQ(1U, http_.Requests().size());
  EXPECT_TRUE(origins_.notes.empty()) << "it may fail yet";
  const auto name = oci::Reference::Parse("reg.io/free:1");
  ASSERT_TRUE(gate_.provenance().NotePulled(*name, *pull.digest, clock_.Steady()).ok());
  EXPECT_EQ((std::set<std::string>{"reg.io/free@" + digest_}), origins_.notes);
  ASSERT_TRUE(gate_.provenance().NotePulled(*name, *oci::Digest::Parse(kUnknown), clock_.Steady()).ok());
  EXPECT_EQ(1U, origins_.notes.size()) << "what no registry said is not noted";
}

TEST_F(ProvenanceTest, APullByDigestIsAskedForLikeATag) {
  EXPECT_EQ(Reason::kExempt, PullOf("reg.io/free@" + digest_).decision.reason);
  EXPECT_EQ(Reason::kProvenanceUnproven, PullOf("reg.io/free@" + kUnknown).decision.reason);
  origins_.known.insert("reg.io/free@" + kUnknown);
  http_.ForgetRequests();
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_EQ(Reason::kExempt, PullOf("reg.io/free@" + kUnknown).decision.reason);
  EXPECT_TRUE(http_.Requests().empty());
}

TEST_F(ProvenanceTest, ASignedPullIsNotedToo) {
  const std::string digest = Put("app");
  const std::string payload = fakes::SimpleSigningPayload("reg.io/app", digest);
  http_.PutSignatures("reg.io", "app", digest, {{payload, release_.SignBase64(payload)}});
  ASSERT_EQ(Reason::kSigned, PullOf("reg.io/app:1").decision.reason);
  const auto name = oci::Reference::Parse("reg.io/app:1");
  ASSERT_TRUE(gate_.provenance().NotePulled(*name, *oci::Digest::Parse(digest), clock_.Steady()).ok());
  EXPECT_EQ((std::set<std::string>{"reg.io/app@" + digest}), origins_.notes);
}

TEST_F(ProvenanceTest, ADenyRuleIsNeverAskedForProof) {
  SetRules(
      "  - {name: bad, mode: deny, match: {namespaces: [other], images: [\"reg.io/free\"]}}\n"
      "  - {name: free, mode: allow, match: {images: [\"reg.io/free\"]}}\n");
  const auto name = oci::Reference::Parse("reg.io/free:1");
  Question question = Ask(*name);
  question.pod_namespace.reset();
  EXPECT_EQ(Reason::kRuleDenies, gate_.DecidePull(snapshot_, question).decision.reason);
  EXPECT_TRUE(http_.Requests().empty());
}

TEST_F(ProvenanceTest, TheActionReachesWhoProves) {
  SetRules("  - {name: pause, mode: allow, match: {images: [\"reg.io/pause\"], actions: [sandbox]}}\n");
  origins_.pause = true;
  EXPECT_EQ(Reason::kExempt, Content("reg.io/pause:1", {kUnknown}, policy::Action::kSandbox).reason);
  EXPECT_EQ(Reason::kNoRule, Content("reg.io/pause:1", {kUnknown}).reason);
}

}  // namespace
}  // namespace pullseal::gate
