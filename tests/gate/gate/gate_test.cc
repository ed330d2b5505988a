// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/test_authority.h"
#include "fakes/threads.h"
#include "gate/gate/limits.h"
#include "gate/gate/report.h"
#include "gate/gate/snapshot.h"
#include "policy/file/parse.h"

namespace pullseal::gate {
namespace {

using fakes::FakeRegistry;
using fakes::SimpleSigningPayload;

const std::string kConfig = "sha256:" + std::string(64, 'c');

class GateTest : public ::testing::Test {
 protected:
  GateTest()
      : client_(http_, clock_, registry::Config{}),
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
    SetText(text);
  }
  void SetText(const std::string& text) {
    auto policy = policy::ParsePolicy(text, [&](const std::string& file) {
      return Result<std::string>(file.ends_with("stranger") ? stranger_.PublicPem() : signer_->PublicPem());
    });
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
  const fakes::TestAuthority* signer_ = &release_;  // whose key the policy names
  fakes::TestAuthority stranger_;
  registry::Client client_;
  Gate gate_;
  Snapshot snapshot_;
  std::string digest_;
};

TEST_F(GateTest, SignedPullIsAllowedByItsDigestInTwoRequests) {
  Sign(digest_, release_);
  const Pull pull = DecidePull();
  EXPECT_EQ(Reason::kSigned, pull.decision.reason);
  EXPECT_EQ(digest_, pull.digest->text());
  EXPECT_EQ("app", pull.decision.rule);
  EXPECT_EQ(2U, http_.Requests().size()) << "the tag, the signatures; what cosign signs is known";
}

TEST_F(GateTest, RulesThatLetNothingRunNeedNoRequest) {
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
  http_.On(".sig", [](const http::HttpRequest&) { return FakeRegistry::Response(429, "", {{"retry-after", "60"}}); });
  EXPECT_EQ(Reason::kRegistryThrottled, DecidePull().decision.reason);
  http_.Clear(".sig");
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kRegistryThrottled, DecidePull().decision.reason) << "the registry asked for a minute";
  clock_.Advance(std::chrono::seconds(61));
  EXPECT_EQ(Reason::kSigned, DecidePull().decision.reason);
}

TEST_F(GateTest, ConfigurationThatCannotBeUsedIsToldAsSuch) {
  http_.On("reg.io", [](const http::HttpRequest&) -> Result<http::HttpResponse> {
    return Error{ErrorCode::kUnavailable, "ca.pem is not there"};
  });
  const Decision decision = DecidePull().decision;
  EXPECT_EQ(Reason::kRegistryError, decision.reason);
  EXPECT_NE(std::string_view::npos, AdviceOf(decision).find("hosts.toml"));
}

// A registry that surely has no such image has answered; one of several that did not say so leaves it open.
TEST_F(GateTest, AnImageThatIsNotThereIsToldAsThat) {
  const Decision absent = DecidePull("reg.io/app:none").decision;
  EXPECT_EQ(Reason::kImageNotFound, absent.reason);
  EXPECT_EQ(Outcome::kUnavailable, absent.outcome());
  EXPECT_EQ(Reason::kImageNotFound, DecidePull("reg.io/app@" + kConfig).decision.reason) << "neither has it signatures";
  http_.On("manifests/none", [](const http::HttpRequest&) { return FakeRegistry::Response(500, ""); });
  EXPECT_EQ(Reason::kRegistryError, DecidePull("reg.io/app:none").decision.reason);
}

TEST_F(GateTest, TheTagIsResolvedOnceAndWhatWasJudgedIsPulled) {
  Sign(digest_, release_);
  int heads = 0;
  const std::string other =
      http_.PutManifest("reg.io", "app", "", fakes::ImageManifest(kConfig, R"(,"annotations":{})"), fakes::kImageType);
  http_.On("HEAD ", [&](const http::HttpRequest&) {
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
  clock_.Advance(std::chrono::hours(24 * 400));
  EXPECT_EQ(CacheUse::kEvidence, DecideContent({digest_}).cache) << "a signature does not age";
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

// Trouble with the index itself says nothing about whether its manifests are signed.
TEST_F(GateTest, TroubleAtTheIndexIsNeverReadAsUnsigned) {
  Sign(digest_, release_);
  const std::string index =
      http_.PutManifest("reg.io", "app", "i", fakes::ImageIndex({{digest_, "amd64"}}), fakes::kIndexType);
  const auto reason = [&](const FakeRegistry::Handler& answer) {
    http_.On("manifests/" + index, answer);
    const Pull pull = DecidePull("reg.io/app:i");
    EXPECT_EQ(Outcome::kUnavailable, pull.decision.outcome());
    EXPECT_EQ("app", pull.decision.rule);
    EXPECT_NE(std::string::npos, pull.decision.steps.back().find("index " + index));
    http_.Clear("manifests/" + index);
    clock_.Advance(std::chrono::minutes(3));
    return pull.decision.reason;
  };
  const auto status = [&](long code, const std::string& body = "", const char* extra = "retry-after") {
    return reason([=](const http::HttpRequest&) {
      return FakeRegistry::Response(code, body, {{"content-type", "text/html"}, {extra, "60"}});
    });
  };
  EXPECT_EQ(Reason::kRegistryThrottled, status(429));
  EXPECT_EQ(Reason::kRegistryError, status(503));
  EXPECT_EQ(Reason::kRegistryUnauthorized, status(401));
  EXPECT_EQ(Reason::kRegistryUnauthorized, status(403, "", "x-other"));
  EXPECT_EQ(Reason::kRegistryThrottled, status(403)) << "which says when to come back";
  EXPECT_EQ(Reason::kRegistryError, status(404)) << "the tag has just been resolved to it";
  EXPECT_EQ(Reason::kRegistryError, status(200, "<html>maintenance</html>"));
  const auto fails = [&](ErrorCode code) {
    return reason([=](const http::HttpRequest&) -> Result<http::HttpResponse> { return Error{code, "x"}; });
  };
  EXPECT_EQ(Reason::kRegistrySlow, fails(ErrorCode::kTimeout));
  EXPECT_EQ(Reason::kRegistryUnreachable, fails(ErrorCode::kUnreachable));
  EXPECT_EQ(Reason::kEvidenceLimit, fails(ErrorCode::kLimit));
  EXPECT_EQ(Reason::kSigned, DecidePull("reg.io/app:i").decision.reason);
}

TEST_F(GateTest, AuditIsOnlyForTheRulesThatSaySo) {
  SetPolicy("", "enforce", "audit");
  Decision decision = DecidePull().decision;
  EXPECT_TRUE(decision.audit_only);
  EXPECT_EQ(Outcome::kDeny, decision.outcome());
  EXPECT_FALSE(DecidePull("other.io/x").decision.audit_only);
  SetPolicy("", "audit");
  EXPECT_EQ(Standing::kOnlyRecorded, StandingOf(DecidePull("other.io/x").decision, &snapshot_));
}

TEST_F(GateTest, ManyQuestionsShareOneSearchAndNoneIsAdmittedByItsFailure) {
  std::atomic<int> searches{0};
  fakes::Threads askers;
  http_.On(".sig", [&](const http::HttpRequest&) {
    ++searches;
    EXPECT_TRUE(askers.AwaitAsleep(16));
    return FakeRegistry::Response(500);
  });
  std::vector<std::thread> threads;
  std::atomic<int> allowed{0};
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      askers.Enter();
      allowed += DecideContent({digest_}).outcome() == Outcome::kAllow ? 1 : 0;
    });
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

TEST_F(GateTest, SettleIsTheFailClosedLine) {
  FakeReporter reporter;
  for (int i = 0; i <= static_cast<int>(Reason::kAuditUnavailable); ++i) {
    Decision decision;
    decision.reason = static_cast<Reason>(i);
    const bool goes_on = Settle(reporter, {}, &snapshot_, decision) != Standing::kRefused;
    EXPECT_EQ(judge::OutcomeOf(decision.reason) == Outcome::kAllow, goes_on) << judge::Slug(decision.reason);
    EXPECT_EQ(goes_on ? Standing::kGoesOn : Standing::kRefused, Settle(reporter, {}, nullptr, decision));
  }
  reporter.fails = true;
  Decision decision;
  decision.reason = Reason::kSigned;
  EXPECT_EQ(Standing::kRefused, Settle(reporter, {}, &snapshot_, decision));
  EXPECT_EQ(Reason::kAuditUnavailable, decision.reason);
  SetPolicy("", "audit");
  decision.reason = Reason::kNoRule;
  EXPECT_EQ(Standing::kOnlyRecorded, Settle(reporter, {}, &snapshot_, decision));
}

// Policy mode, rule mode and break-glass, each alone; and never without a policy.
TEST_F(GateTest, StandingIsSaidInOnePlace) {
  Decision refusal = Refuse(Reason::kSignatureMissing, "");
  EXPECT_EQ(Standing::kRefused, StandingOf(refusal, &snapshot_));
  EXPECT_EQ("deny", OutcomeText(refusal, &snapshot_));
  EXPECT_EQ("unavailable", OutcomeText(Refuse(Reason::kRegistryError, ""), &snapshot_));
  refusal.audit_only = true;
  EXPECT_EQ(Standing::kOnlyRecorded, StandingOf(refusal, &snapshot_));
  EXPECT_EQ("audit", ModeText(refusal, &snapshot_));
  refusal.audit_only = false;
  Snapshot audit = snapshot_;
  audit.policy.mode = policy::Mode::kAudit;
  EXPECT_EQ(Standing::kOnlyRecorded, StandingOf(refusal, &audit));
  EXPECT_EQ("would-deny", OutcomeText(refusal, &audit));
  Snapshot open = snapshot_;
  open.break_glass = true;
  EXPECT_EQ(Standing::kOnlyRecorded, StandingOf(refusal, &open));
  EXPECT_EQ("break-glass", ModeText(refusal, &open));
  EXPECT_EQ(Standing::kRefused, StandingOf(refusal, nullptr));
  EXPECT_FALSE(OnlyRecords(nullptr));
  refusal.reason = Reason::kSigned;
  EXPECT_EQ(Standing::kGoesOn, StandingOf(refusal, nullptr));
  EXPECT_EQ("allow", OutcomeText(refusal, &audit));
}

// A store in memory that can be tampered with.
class FakeStore final : public store::EvidenceStore {
 public:
  Result<std::vector<oci::SignatureEvidence>> Find(const oci::Digest& subject, const std::string& repository,
                                                   std::chrono::milliseconds) override {
    ++reads;
    if (troubles > 0) {
      --troubles;
      return Error{ErrorCode::kTimeout, "busy"};
    }
    return rows[subject.text() + "|" + repository];
  }
  void Add(const oci::Digest& subject, const std::string& repository, const std::string& user,
           std::vector<oci::SignatureEvidence> signatures) override {
    std::vector<oci::SignatureEvidence>& known = rows[subject.text() + "|" + repository];
    store::Merge(signatures, std::move(known));
    known = std::move(signatures);
    users.insert(user);
  }
  void AddSpare(const oci::Digest& subject, const std::string& repository, const std::string& user,
                std::vector<oci::SignatureEvidence> signatures) override {
    store::Merge(rows[subject.text() + "|" + repository], std::move(signatures));
    users.insert("spare " + user);
  }
  void NoteUse(const oci::Digest&, const std::string&, const std::string& user) override { users.insert(user); }
  Result<std::vector<Subject>> List(std::size_t) override { return std::vector<Subject>(); }
  Status Flush() override {
    rows.clear();
    return {};
  }
  std::map<std::string, std::vector<oci::SignatureEvidence>> rows;
  std::set<std::string> users;
  int reads = 0;
  int troubles = 0;  // reads that get no answer
};

class StoredEvidenceTest : public GateTest {
 protected:
  StoredEvidenceTest() { Restart(); }
  void Restart() {
    restarted_ = std::make_unique<Gate>(client_, clock_, oci::Platform{"linux", "amd64", ""}, options_, &store_);
    http_.ForgetRequests();
  }
  Decision Decide(const credentials::Credentials& with = {}) {
    const auto name = oci::Reference::Parse("reg.io/app:1");
    Question question = Ask(*name);
    question.candidates = {*oci::Digest::Parse(digest_)};
    question.credentials = with;
    return restarted_->DecideContent(snapshot_, question);
  }
  Decision Pull(const credentials::Credentials& with = {}) {
    const auto name = oci::Reference::Parse("reg.io/app:1");
    Question question = Ask(*name);
    question.credentials = with;
    return restarted_->DecidePull(snapshot_, question).decision;
  }
  static credentials::Credentials Secret(const std::string& password) {
    credentials::Credentials out;
    out.username = "pod";
    out.password = pullseal::Secret(password);
    return out;
  }
  // The registry answers only those who bring credentials.
  void MakePrivate() {
    http_.On("reg.io", [this](const http::HttpRequest& request) -> Result<http::HttpResponse> {
      const bool asked = std::any_of(request.headers.begin(), request.headers.end(),
                                     [](const std::string& one) { return one.starts_with("Authorization: Basic "); });
      if (!asked) return FakeRegistry::Response(401, "", {{"www-authenticate", "Basic realm=\"x\""}});
      http_.Clear("reg.io");
      auto answer = http_.Do(request);
      MakePrivate();
      return answer;
    });
  }
  void TakeTheRegistryDown() {
    http_.On("reg.io", [](const http::HttpRequest&) -> Result<http::HttpResponse> {
      return Error{ErrorCode::kUnreachable, "down"};
    });
  }
  std::vector<oci::SignatureEvidence>& Rows() { return store_.rows[digest_ + "|reg.io/app"]; }

  Options options_;
  FakeStore store_;
  std::unique_ptr<Gate> restarted_;
  const std::atomic<bool> stop_{false};
};

TEST_F(StoredEvidenceTest, NothingIsAskedTwiceAcrossARestart) {
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  Restart();
  TakeTheRegistryDown();
  const Decision decision = Decide();
  EXPECT_EQ(Reason::kSigned, decision.reason);
  EXPECT_EQ(CacheUse::kEvidence, decision.cache);
  EXPECT_TRUE(http_.Requests().empty());
}

TEST_F(StoredEvidenceTest, WhatABusyStoreKnowsCountsWhenItComes) {
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  Restart();
  TakeTheRegistryDown();
  store_.troubles = 1;
  const Decision late = Decide();
  EXPECT_EQ(Reason::kSigned, late.reason);
  EXPECT_EQ(CacheUse::kEvidence, late.cache);
}

TEST_F(StoredEvidenceTest, ABusyStoreIsNeverReadAsUnsigned) {
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  for (const bool reachable : {true, false}) {
    Restart();
    http_.On(".sig", [](const http::HttpRequest&) { return FakeRegistry::Response(404); });
    if (!reachable) TakeTheRegistryDown();
    store_.troubles = 1000;
    const Decision decision = Decide();
    EXPECT_EQ(Reason::kEvidenceUnavailable, decision.reason) << reachable;
    EXPECT_EQ(Outcome::kUnavailable, decision.outcome());
    EXPECT_NE(std::string::npos, decision.detail.find("busy")) << decision.detail;
    store_.troubles = 0;
    EXPECT_EQ(Reason::kSigned, Decide().reason) << "it was not remembered";
    http_.Clear("reg.io");
    http_.Clear(".sig");
  }
}

TEST_F(StoredEvidenceTest, ABusyStoreDoesNotKeepTheRegistryFromAllowing) {
  Sign(digest_, release_);
  store_.troubles = 1000;
  EXPECT_EQ(Reason::kSigned, Decide().reason);
}

TEST_F(StoredEvidenceTest, WhatABusyStoreHoldsIsNotOverwritten) {
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  Rows().front().media_type = "known before";
  Restart();
  store_.troubles = 2;  // when it is asked, and when what was fetched is added
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  ASSERT_EQ(2U, Rows().size());
  EXPECT_EQ("known before", Rows().back().media_type);
  clock_.Advance(std::chrono::minutes(11));
  const int reads = store_.reads;
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  EXPECT_EQ(reads + 1, store_.reads) << "what is in memory is not all that is known";
}

// Whoever can write the store can only make us fetch.
TEST_F(StoredEvidenceTest, RowsAreEvidenceAndNoVerdict) {
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  const auto good = Rows();
  const auto tampered = [&](const std::function<void(oci::SignatureEvidence&)>& change) {
    Rows() = good;
    change(Rows().front());
    Restart();
    TakeTheRegistryDown();
    const Reason reason = Decide().reason;
    http_.Clear("reg.io");
    clock_.Advance(std::chrono::minutes(2));  // past the registry's rest
    return reason;
  };
  EXPECT_EQ(Reason::kRegistryUnreachable, tampered([](auto& row) { row.payload = SharedBytes(Bytes{1}); }));
  EXPECT_EQ(Reason::kRegistryUnreachable, tampered([](auto& row) { row.annotations.clear(); }));
  EXPECT_EQ(Reason::kRegistryUnreachable, tampered([](auto& row) { row.media_type = "x"; }));
  EXPECT_EQ(Reason::kRegistryUnreachable,
            tampered([&](auto& row) { row.annotations.begin()->second = stranger_.SignBase64("x"); }));
  EXPECT_EQ(Reason::kSigned, tampered([&](auto& row) { row.fetched = clock_.Now() - std::chrono::hours(24 * 999); }))
      << "dates decide nothing";
  EXPECT_EQ(Reason::kSigned, tampered([&](auto& row) { row.fetched = clock_.Now() + std::chrono::hours(1); }));
  EXPECT_EQ(Reason::kSigned, tampered([](auto&) {}));
}

TEST_F(StoredEvidenceTest, ASignatureOfAnotherImageReplayedIntoTheStore) {
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  const auto good = Rows();
  const std::string other = http_.PutManifest("reg.io", "app", "2", fakes::ImageManifest(digest_), fakes::kImageType);
  digest_ = other;
  Rows() = good;
  Restart();
  EXPECT_EQ(Reason::kSignatureMissing, Decide().reason);
}

TEST_F(StoredEvidenceTest, AKeyThatWasTakenOutOfThePolicyNoLongerCounts) {
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  Restart();
  SetPolicy(", revoked: {at: 2026-11-01T00:00:00Z, reason: stolen}");
  EXPECT_EQ(Reason::kKeyRevoked, Decide().reason);
}

// A container that ran yesterday starts today: the registry away, the credentials gone, the signatures deleted.
TEST_F(StoredEvidenceTest, NoEvidenceEndsByItsAge) {
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  TakeTheRegistryDown();
  clock_.Advance(std::chrono::hours(24 * 1000));
  EXPECT_EQ(CacheUse::kEvidence, Decide().cache) << "in memory";
  Restart();
  EXPECT_EQ(CacheUse::kEvidence, Decide().cache) << "on disk";
  clock_.Advance(std::chrono::hours(24 * 1000));
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  http_.Clear("reg.io");
  http_.On(".sig", [](const http::HttpRequest&) { return FakeRegistry::Response(404); });
  clock_.Advance(std::chrono::hours(24));
  EXPECT_EQ(Reason::kSigned, Decide().reason) << "that a registry has a signature no longer is no revocation";
  http_.ForgetRequests();
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  EXPECT_TRUE(http_.Requests().empty()) << "nobody is asked where what is known suffices";
}

TEST_F(StoredEvidenceTest, AThousandRestartsOfAnImageThatOnlySecretsOpen) {
  MakePrivate();
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, Pull(Secret("right")).reason);
  int refused = 0;
  for (int i = 0; i < 1'000; ++i) {
    clock_.Advance(std::chrono::minutes(60 * 24 * 60 / 1'000));
    if (i % 50 == 49) Restart();
    refused += Decide().reason == Reason::kSigned ? 0 : 1;
  }
  EXPECT_EQ(0, refused);
}

TEST_F(StoredEvidenceTest, EvidenceMaxAgeAsksAgainAtPullsOnly) {
  options_.evidence_max_age = std::chrono::hours(24);
  Restart();
  Sign(digest_, release_);
  EXPECT_EQ(CacheUse::kMiss, Pull().cache);
  clock_.Advance(std::chrono::hours(12));
  EXPECT_EQ(CacheUse::kEvidence, Pull().cache);
  clock_.Advance(std::chrono::hours(13));
  EXPECT_EQ(CacheUse::kEvidence, Decide().cache) << "a create asks nobody";
  clock_.Advance(std::chrono::minutes(11));
  EXPECT_EQ(CacheUse::kMiss, Pull().cache);
  clock_.Advance(std::chrono::minutes(11));
  EXPECT_EQ(CacheUse::kEvidence, Pull().cache) << "it is young again";
  clock_.Advance(std::chrono::hours(25));
  http_.On(".sig", [](const http::HttpRequest&) { return FakeRegistry::Response(503); });
  const Decision known = Pull();
  EXPECT_EQ(Reason::kSigned, known.reason) << "whatever the registry says";
  EXPECT_NE(std::string::npos, known.detail.find("registry-error")) << known.detail;
}

TEST_F(StoredEvidenceTest, ACreateThatNobodyCanAskForSaysWhatToDo) {
  Sign(digest_, release_);
  MakePrivate();
  const Decision create = Decide();
  EXPECT_EQ(Reason::kRegistryUnauthorized, create.reason);
  EXPECT_NE(std::string_view::npos, AdviceOf(create).find("imagePullPolicy: Always")) << AdviceOf(create);
  clock_.Advance(std::chrono::minutes(3));
  EXPECT_EQ(std::string_view::npos, AdviceOf(Pull()).find("imagePullPolicy"));
  clock_.Advance(std::chrono::minutes(3));
  EXPECT_EQ(Reason::kSigned, Pull(Secret("right")).reason);
  EXPECT_EQ(Reason::kSigned, Decide().reason);
}

TEST_F(StoredEvidenceTest, ADenialCountsForTheCredentialsItWasFoundWith) {
  EXPECT_EQ(Reason::kSignatureMissing, Decide().reason);
  Sign(digest_, release_);
  EXPECT_EQ(CacheUse::kHit, Decide().cache);
  EXPECT_EQ(Reason::kSigned, Decide(Secret("other")).reason);
  EXPECT_EQ(Reason::kSigned, Decide().reason) << "what is known is looked at before a denial";
}

// What a pull did not need, a create may, and brings no credentials to look for it.
TEST_F(StoredEvidenceTest, APullWithCredentialsIsLookedAtFurther) {
  const std::string payload = SimpleSigningPayload("reg.io/app", digest_);
  http_.PutSignatures("reg.io", "app", digest_,
                      {{payload, release_.SignBase64(payload)}, {payload, stranger_.SignBase64(payload)}});
  const std::string head = "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\nmode: enforce\nkeys:\n";
  const std::string next = "  - {name: next, file: stranger}\n";
  const std::string rule = "    match: {images: [\"reg.io/*\"]}\n    require: {signatures: {anyOf: [{key: ";
  SetText(head + "  - {name: release, file: x}\n" + next + "rules:\n  - name: app\n" + rule +
          "release}]}}\n  - name: rotated\n" + rule + "next}]}}\n");
  MakePrivate();
  EXPECT_EQ(Reason::kSigned, Pull(Secret("right")).reason);
  EXPECT_EQ(1U, Rows().size());
  EXPECT_EQ(1, restarted_->Gather(snapshot_, stop_));
  EXPECT_EQ(2U, Rows().size());
  EXPECT_EQ(0, restarted_->Gather(snapshot_, stop_));
  EXPECT_EQ(Reason::kSigned, Pull(Secret("right")).reason);
  EXPECT_EQ(0, restarted_->Gather(snapshot_, stop_)) << "once for an image and a policy";
  // The rotation ends: only the other key is left.
  SetText(head + next + "rules:\n  - name: app\n" + rule + "next}]}}\n");
  Restart();
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  EXPECT_TRUE(http_.Requests().empty());
}

// Two weeks of audit, with a policy that asks for no signature, then rules that nobody had before, the registry closed.
TEST_F(StoredEvidenceTest, AuditModeKeepsWhatEnforcingWillNeed) {
  Sign(digest_, stranger_);
  SetText(
      "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\nmode: audit\n"
      "rules:\n  - {name: all, mode: allow, match: {images: [\"reg.io/*\"]}}\n");
  MakePrivate();
  EXPECT_EQ(Reason::kExempt, Pull(Secret("right")).reason);
  EXPECT_EQ(1, restarted_->Gather(snapshot_, stop_));
  EXPECT_EQ(1U, Rows().size());
  EXPECT_TRUE(store_.users.contains("spare default"));
  clock_.Advance(std::chrono::hours(24 * 14));
  Restart();
  TakeTheRegistryDown();
  signer_ = &stranger_;
  SetPolicy("");
  EXPECT_EQ(Reason::kSigned, Decide().reason);
}

// What anybody can make takes nobody's room.
TEST_F(StoredEvidenceTest, JunkIsNotKept) {
  const std::string payload = SimpleSigningPayload("reg.io/app", digest_);
  const std::string good = release_.SignBase64(payload);
  http_.PutSignatures("reg.io", "app", digest_, {{payload, stranger_.SignBase64(payload)}, {payload, good}});
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  ASSERT_EQ(1U, Rows().size());
  EXPECT_EQ(good, Rows().front().annotations.begin()->second);
  digest_ = http_.PutManifest("reg.io", "app", "2", fakes::ImageManifest(digest_), fakes::kImageType);
  Sign(digest_, stranger_);
  EXPECT_EQ(Reason::kSignatureInvalid, Decide().reason);
  EXPECT_TRUE(Rows().empty());
}

TEST_F(StoredEvidenceTest, RulesWithOtherKeysShareWhatIsKnown) {
  Sign(digest_, release_);
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  // Another rule needs another key's signature, found elsewhere; the first is not lost by that.
  signer_ = &stranger_;
  SetPolicy("");
  http_.On(".sig", [](const http::HttpRequest&) { return FakeRegistry::Response(404); });
  const std::string statement = fakes::SignStatement(digest_);
  const std::string bundle = fakes::KeyBundle(statement, stranger_.Sign(fakes::EnvelopeBytes(statement)));
  http_.PutReferrersApi("reg.io", "app", digest_, {http_.PutReferrer("reg.io", "app", digest_, bundle)});
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  EXPECT_EQ(2U, Rows().size());
  Restart();
  TakeTheRegistryDown();
  EXPECT_EQ(Reason::kSigned, Decide().reason);
  signer_ = &release_;
  SetPolicy("");
  EXPECT_EQ(Reason::kSigned, Decide().reason);
}

TEST(ErrandsTest, NamespacesTakeTurnsAndHaveShares) {
  Errands errands;
  const auto put = [&](const std::string& user, std::size_t i) {
    errands.Put(Errand{.key = user + std::to_string(i),
                       .name = *oci::Reference::Parse("reg.io/app:1"),
                       .subject = std::nullopt,
                       .user = user,
                       .credentials = {}});
  };
  for (std::size_t i = 0; i < 2 * limits::kErrandsOfOne; ++i) put("flood", i);
  put("one", 0);
  put("one", 0);
  EXPECT_EQ("flood0", errands.Take()->key);
  EXPECT_EQ("one0", errands.Take()->key);
  EXPECT_EQ("flood1", errands.Take()->key);
  std::size_t left = 0;
  while (errands.Take()) ++left;
  EXPECT_EQ(limits::kErrandsOfOne - 2, left);
  put("one", 0);
  EXPECT_FALSE(errands.Take()) << "once";
  errands.Failed("one0");
  put("one", 0);
  EXPECT_TRUE(errands.Take());
}

TEST_F(GateTest, AFailingRegistryIsLeftAlone) {
  http_.On("reg.io", [](const http::HttpRequest&) { return FakeRegistry::Response(503); });
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Reason::kRegistryError, DecidePull().decision.reason);
  http_.ForgetRequests();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Reason::kRegistryError, DecidePull().decision.reason);
  EXPECT_TRUE(http_.Requests().empty());
  http_.Clear("reg.io");
  Sign(digest_, release_);
  clock_.Advance(std::chrono::seconds(2));
  EXPECT_EQ(Reason::kSigned, DecidePull().decision.reason);
}

}  // namespace
}  // namespace pullseal::gate
