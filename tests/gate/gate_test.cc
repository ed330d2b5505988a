#include "gate/gate.h"

#include <gtest/gtest.h>

#include <thread>

#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/test_authority.h"
#include "gate/report.h"

namespace pullseal::gate {
namespace {

using fakes::FakeRegistry;
using fakes::SimpleSigningPayload;

const std::string kConfig = "sha256:" + std::string(64, 'c');

class GateTest : public ::testing::Test {
 protected:
  GateTest()
      : client_(http_, clock_, registry::Config{}, [](const char*, long) {}),
        gate_(client_, clock_, oci::Platform{"linux", "amd64", ""}, Options{}) {
    digest_ = http_.PutManifest("reg.io", "app", "1", fakes::ImageManifest(kConfig), fakes::kImageType);
    SetPolicy("");
  }
  void SetPolicy(const std::string& more, const std::string& mode = "enforce", const std::string& rule = "enforce") {
    const std::string text =
        "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\nmode: " + mode +
        "\nkeys:\n  - {name: release, file: x" + more + "}\nrules:\n  - name: app\n    mode: " + rule +
        "\n    match: {images: [\"reg.io/*\"]}\n    require: {signatures: {anyOf: [{key: release}]}}\n"
        "  - {name: free, mode: allow, match: {images: [\"free.io/*\"]}}\n"
        "  - {name: bad, mode: deny, match: {images: [\"bad.io/*\"]}}\n";
    auto policy =
        policy::ParsePolicy(text, [&](const std::string&) { return Result<std::string>(release_.PublicPem()); });
    ASSERT_TRUE(policy.ok()) << policy.error().message;
    snapshot_ = Snapshot{std::move(*policy), std::map<std::string, std::string>{}};
  }
  void Sign(const std::string& digest, const fakes::TestAuthority& by) {
    const std::string payload = SimpleSigningPayload("reg.io/app", digest);
    http_.PutSignatures("reg.io", "app", digest, {{payload, by.SignBase64(payload)}});
  }
  Question Ask(const oci::Reference& name) {
    return Question{name, "default", {}, {}, clock_.Steady() + std::chrono::seconds(20)};
  }
  Pull DecidePull(const std::string& image = "reg.io/app:1") {
    const auto name = oci::Reference::Parse(image);
    return gate_.DecidePull(snapshot_, Ask(*name));
  }
  Decision DecideContent(const std::vector<std::string>& digests) {
    const auto name = oci::Reference::Parse("reg.io/app:1");
    Question question = Ask(*name);
    for (const std::string& digest : digests) question.candidates.push_back(*oci::Digest::Parse(digest));
    return gate_.DecideContent(snapshot_, question);
  }

  fakes::FakeClock clock_;
  FakeRegistry http_;
  fakes::TestAuthority release_;
  fakes::TestAuthority stranger_;
  registry::Client client_;
  Gate gate_;
  Snapshot snapshot_;
  std::string digest_;
};

TEST_F(GateTest, SignedPullIsAllowedByItsDigestInThreeRequests) {
  Sign(digest_, release_);
  const Pull pull = DecidePull();
  EXPECT_EQ(Reason::kSigned, pull.decision.reason);
  EXPECT_EQ(digest_, pull.digest->text());
  EXPECT_EQ("app", pull.decision.rule);
  EXPECT_EQ(3U, http_.Requests().size());
}

TEST_F(GateTest, RulesWithoutSignaturesNeedNoRequest) {
  EXPECT_EQ(Reason::kExempt, DecidePull("free.io/x").decision.reason);
  EXPECT_EQ(Reason::kRuleDenies, DecidePull("bad.io/x").decision.reason);
  EXPECT_EQ(Reason::kNoRule, DecidePull("other.io/x").decision.reason);
  EXPECT_TRUE(http_.Requests().empty());
}

TEST_F(GateTest, MissingAndWrongSignaturesAreDenied) {
  EXPECT_EQ(Reason::kSignatureMissing, DecidePull().decision.reason);
  clock_.Advance(std::chrono::seconds(31));
  Sign(digest_, stranger_);
  EXPECT_EQ(Reason::kSignatureInvalid, DecidePull().decision.reason);
}

TEST_F(GateTest, TroubleIsNeitherSignedNorUnsignedAndNotRemembered) {
  http_.On(".sig", [](const registry::HttpRequest&) {
    return FakeRegistry::Response(429, "", {{"retry-after", "60"}});
  });
  EXPECT_EQ(Reason::kRegistryThrottled, DecidePull().decision.reason);
  http_.Clear(".sig");
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, DecidePull().decision.reason);
}

TEST_F(GateTest, AMirrorIsToldAsSuch) {
  http_.On("reg.io", [](const registry::HttpRequest&) -> Result<registry::HttpResponse> {
    return Error{ErrorCode::kUnsupported, "mirror configuration"};
  });
  const Decision decision = DecidePull().decision;
  EXPECT_EQ(Reason::kRegistryError, decision.reason);
  EXPECT_NE(std::string_view::npos, AdviceOf(decision).find("mirror configuration"));
}

TEST_F(GateTest, AbsentTagIsCouldNotDecide) {
  EXPECT_EQ(Reason::kRegistryError, DecidePull("reg.io/app:none").decision.reason);
}

TEST_F(GateTest, TheTagIsResolvedOnceAndWhatWasJudgedIsPulled) {
  Sign(digest_, release_);
  int heads = 0;
  const std::string other =
      http_.PutManifest("reg.io", "app", "", fakes::ImageManifest(kConfig, R"(,"annotations":{})"), fakes::kImageType);
  http_.On("HEAD ", [&](const registry::HttpRequest&) {
    return FakeRegistry::Response(200, "", {{"docker-content-digest", ++heads == 1 ? digest_ : other}});
  });
  EXPECT_EQ(digest_, DecidePull().digest->text());
  EXPECT_EQ(1, heads);
  const Pull second = DecidePull();
  EXPECT_EQ(Reason::kSignatureMissing, second.decision.reason)
      << "the moved tag was answered from the first one's verdict";
}

TEST_F(GateTest, VerdictsEndWithTimeAndPolicy) {
  Sign(digest_, release_);
  EXPECT_EQ(CacheUse::kMiss, DecideContent({digest_}).cache);
  EXPECT_EQ(CacheUse::kHit, DecideContent({digest_}).cache);
  clock_.Advance(std::chrono::minutes(11));
  EXPECT_EQ(CacheUse::kEvidence, DecideContent({digest_}).cache);
  clock_.Advance(std::chrono::hours(25));
  EXPECT_EQ(CacheUse::kMiss, DecideContent({digest_}).cache);
  SetPolicy(", revoked: {at: 2026-01-01T00:00:00Z, reason: lost}");
  EXPECT_EQ(Reason::kKeyRevoked, DecideContent({digest_}).reason);
}

TEST_F(GateTest, AllowEndsWhenTheKeyDoes) {
  SetPolicy(", notAfter: 2026-11-22T12:05:00Z");
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, DecideContent({digest_}).reason);
  clock_.Advance(std::chrono::minutes(6));
  EXPECT_EQ(Reason::kKeyExpired, DecideContent({digest_}).reason);
}

TEST_F(GateTest, DenialsAreKeptShortly) {
  EXPECT_EQ(Reason::kSignatureMissing, DecideContent({digest_}).reason);
  Sign(digest_, release_);
  EXPECT_EQ(CacheUse::kHit, DecideContent({digest_}).cache);
  clock_.Advance(std::chrono::seconds(31));
  EXPECT_EQ(Reason::kSigned, DecideContent({digest_}).reason);
}

TEST_F(GateTest, VerdictsAreNotSharedBetweenRepositories) {
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, DecideContent({digest_}).reason);
  const auto name = oci::Reference::Parse("reg.io/other:1");
  Question question = Ask(*name);
  question.candidates = {*oci::Digest::Parse(digest_)};
  EXPECT_EQ(Reason::kSignatureMissing, gate_.DecideContent(snapshot_, question).reason);
}

TEST_F(GateTest, OneGoodCandidateOfTheChainIsEnough) {
  Sign(digest_, release_);
  const std::string index =
      http_.PutManifest("reg.io", "app", "i", fakes::ImageIndex({{digest_, "amd64"}}), fakes::kIndexType);
  EXPECT_EQ(Reason::kSigned, DecideContent({index, digest_}).reason);
  EXPECT_EQ(Reason::kImageLinkUnproven, DecideContent({}).reason);
}

TEST_F(GateTest, PullsTheOnlySignedManifestOfAnIndex) {
  Sign(digest_, release_);
  http_.PutManifest("reg.io", "app", "i", fakes::ImageIndex({{digest_, "amd64"}, {kConfig, "arm64"}}),
                    fakes::kIndexType);
  const Pull pull = DecidePull("reg.io/app:i");
  EXPECT_EQ(Reason::kSigned, pull.decision.reason);
  EXPECT_EQ(digest_, pull.digest->text());
}

TEST_F(GateTest, TwoManifestsForThisPlatformAreNotChosenFrom) {
  Sign(digest_, release_);
  for (const bool signed_last : {false, true}) {
    const std::pair<std::string, std::string> first = {signed_last ? kConfig : digest_, "amd64"};
    const std::pair<std::string, std::string> second = {signed_last ? digest_ : kConfig, "amd64"};
    http_.PutManifest("reg.io", "app", "i", fakes::ImageIndex({first, second}), fakes::kIndexType);
    EXPECT_EQ(Reason::kSignatureMissing, DecidePull("reg.io/app:i").decision.reason);
  }
}

TEST_F(GateTest, AuditIsOnlyForTheRulesThatSaySo) {
  SetPolicy("", "enforce", "audit");
  Decision decision = DecidePull().decision;
  EXPECT_TRUE(decision.audit_only);
  EXPECT_EQ(Outcome::kDeny, decision.outcome());
  EXPECT_FALSE(DecidePull("other.io/x").decision.audit_only);
  SetPolicy("", "audit");
  EXPECT_TRUE(DecidePull("other.io/x").decision.audit_only);
}

TEST_F(GateTest, ManyQuestionsShareOneSearchAndNoneIsAdmittedByItsFailure) {
  std::atomic<int> searches{0};
  http_.On(".sig", [&](const registry::HttpRequest&) {
    ++searches;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return FakeRegistry::Response(500);
  });
  std::vector<std::thread> threads;
  std::atomic<int> allowed{0};
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] { allowed += DecideContent({digest_}).outcome() == Outcome::kAllow ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(0, allowed);
  EXPECT_LT(searches, 16 * 3);
}

class FakeReporter final : public Reporter {
 public:
  Status Report(const Event&, const Decision&, const Snapshot*) override {
    return fails ? Status(Error{ErrorCode::kUnavailable, "disk full"}) : Status();
  }
  void UnknownFields() override {}
  bool fails = false;
};

TEST_F(GateTest, ConcludeIsTheFailClosedLine) {
  FakeReporter reporter;
  for (int i = 0; i <= static_cast<int>(Reason::kAuditUnavailable); ++i) {
    Decision decision;
    decision.reason = static_cast<Reason>(i);
    const bool goes_on = Conclude(reporter, {}, &snapshot_, decision);
    EXPECT_EQ(judge::OutcomeOf(decision.reason) == Outcome::kAllow, goes_on) << judge::Slug(decision.reason);
    EXPECT_EQ(judge::OutcomeOf(decision.reason) == Outcome::kAllow, Conclude(reporter, {}, nullptr, decision));
  }
  reporter.fails = true;
  Decision decision;
  decision.reason = Reason::kSigned;
  EXPECT_FALSE(Conclude(reporter, {}, &snapshot_, decision));
  EXPECT_EQ(Reason::kAuditUnavailable, decision.reason);
  SetPolicy("", "audit");
  decision.reason = Reason::kNoRule;
  EXPECT_TRUE(Conclude(reporter, {}, &snapshot_, decision));
}

TEST(SentenceTest, EveryReasonTellsWhatToDo) {
  for (int i = 0; i <= static_cast<int>(Reason::kAuditUnavailable); ++i) {
    EXPECT_GT(Sentence(static_cast<Reason>(i)).size(), 15U) << i;
  }
}

}  // namespace
}  // namespace pullseal::gate
