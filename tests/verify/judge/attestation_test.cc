// SPDX-License-Identifier: Apache-2.0
// Which of several attestations count, and what changes nothing.
#include "verify/judge/attestation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "fakes/test_authority.h"
#include "image/oci/cosign.h"

namespace pullseal::judge {
namespace {

using fakes::TestAuthority;
using requirement::AttestationRequirement;
using requirement::Attester;
using requirement::Which;

const std::string kIndexHex(64, 'a');
const std::string kManifestHex(64, 'b');
const std::string kOtherHex(64, 'c');
const WallTime kNow = *ParseTime("2026-06-01T00:00:00Z");
constexpr const char* kApproval = "https://acme.example/approval/v1";
constexpr const char* kVsaType = "https://slsa.dev/verification_summary/v1";
constexpr const char* kBuilder = "https://ci.acme.example/builder";

class AttestationTest : public ::testing::Test {
 protected:
  static requirement::Key KeyOf(const std::string& name, const TestAuthority& authority) {
    return *requirement::Key::Make(name, *crypto::PublicKey::ParsePem(authority.PublicPem()));
  }
  Attester By(const TestAuthority& authority, std::vector<std::string> builders = {},
              std::vector<std::string> verifiers = {}) const {
    return Attester{KeyOf(&authority == &release_ ? "release" : "other", authority), std::move(builders),
                    std::move(verifiers)};
  }
  static predicate::CustomRule Approved() {
    std::vector<predicate::Matcher> where;
    where.push_back(std::move(
        *predicate::Matcher::Make(*predicate::Pointer::Parse("/approved"), predicate::ValueTest(predicate::Is{true}))));
    return *predicate::CustomRule::Make(kApproval, std::move(where), *predicate::Pointer::Parse("/at"));
  }
  AttestationRequirement Custom(Which which, requirement::Freshness freshness = {},
                                requirement::SubjectKind subject = requirement::SubjectKind::kEither) const {
    auto out = AttestationRequirement::Make({.name = "approved",
                                             .by = {By(release_)},
                                             .subject = subject,
                                             .freshness = freshness,
                                             .rule = Approved(),
                                             .which = which,
                                             .aliases = {}});
    EXPECT_TRUE(out.ok()) << out.error().message;
    return std::move(*out);
  }
  AttestationRequirement Vsa(const std::string& name, requirement::Freshness freshness = {}) const {
    auto rule = predicate::VsaRule::Make({.levels = {"SLSA_BUILD_LEVEL_2"}, .policy = {}, .resource_bound = false});
    auto out = AttestationRequirement::Make({.name = name,
                                             .by = {By(release_, {}, {"https://v.example"})},
                                             .subject = requirement::SubjectKind::kEither,
                                             .freshness = freshness,
                                             .rule = *rule,
                                             .which = {},
                                             .aliases = {}});
    EXPECT_TRUE(out.ok());
    return std::move(*out);
  }

  static SignatureEvidence Attested(const TestAuthority& authority, const std::string& predicate_type,
                                    const std::string& predicate, const std::string& hex = kManifestHex) {
    const std::string statement = R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x","digest":)"
                                  R"({"sha256":")" +
                                  hex + R"("}}],"predicateType":")" + predicate_type + R"(","predicate":)" + predicate +
                                  "}";
    const std::string bundle = fakes::KeyBundle(statement, authority.Sign(fakes::EnvelopeBytes(statement)));
    return SignatureEvidence{
        oci::Digest::Of(AsBytes(bundle)), fakes::kBundleType, Bytes(bundle.begin(), bundle.end()), {}};
  }
  SignatureEvidence Approval(bool approved, const std::string& at, const std::string& hex = kManifestHex) const {
    return Attested(release_, kApproval,
                    std::string(R"({"approved":)") + (approved ? "true" : "false") +
                        (at.empty() ? "" : R"(,"at":")" + at + "\"") + "}",
                    hex);
  }
  SignatureEvidence Summary(const std::string& result, const std::string& at) const {
    return Attested(release_, kVsaType,
                    R"({"verifier":{"id":"https://v.example"},"timeVerified":")" + at +
                        R"(","resourceUri":"reg.io/app","policy":{"uri":"p:1"},"verificationResult":")" + result +
                        R"(","verifiedLevels":["SLSA_BUILD_LEVEL_2"]})");
  }
  AttestationVerdict Judge(const requirement::AttestationLists& lists, const std::vector<SignatureEvidence>& all,
                           WallTime now = kNow, Moment moment = Moment::kPull) const {
    AttestationJudgement judgement({oci::Digest::Parse("sha256:" + kIndexHex).value(),
                                    oci::Digest::Parse("sha256:" + kManifestHex).value(), "reg.io/app"},
                                   lists, now, moment);
    for (const SignatureEvidence& one : all) (void)judgement.Add(one);
    return judgement.Conclude();
  }
  Reason ReasonOf(AttestationRequirement asked, const std::vector<SignatureEvidence>& all, WallTime now = kNow,
                  Moment moment = Moment::kPull) const {
    return Judge({{std::move(asked)}}, all, now, moment).reason;
  }

  TestAuthority release_;
  TestAuthority stranger_;
};

TEST_F(AttestationTest, OneThatSaysWhatIsAskedAllows) {
  const AttestationVerdict verdict = Judge({{Custom(Which::kAny)}}, {Approval(true, "")});
  EXPECT_EQ(Reason::kSigned, verdict.reason);
  EXPECT_EQ(std::vector<std::string>{"approved"}, verdict.entries);
  EXPECT_EQ(1U, verdict.evidence.size());
  EXPECT_FALSE(verdict.needs_all);
}

TEST_F(AttestationTest, NothingStrangersAndNoesRefuse) {
  EXPECT_EQ(Reason::kAttestationMissing, ReasonOf(Custom(Which::kAny), {}));
  EXPECT_EQ(Reason::kAttestationUntrusted,
            ReasonOf(Custom(Which::kAny), {Attested(stranger_, kApproval, R"({"approved":true})")}));
  EXPECT_EQ(Reason::kAttestationMismatch, ReasonOf(Custom(Which::kAny), {Approval(false, "")}));
  EXPECT_EQ(Reason::kAttestationMalformed, ReasonOf(Custom(Which::kAny), {Attested(release_, kApproval, "null")}));
  EXPECT_EQ(Reason::kAttestationMalformed,
            ReasonOf(Custom(Which::kAny), {Attested(release_, kApproval, R"({"approved":true,"at":"soon"})")}));
  const AttestationVerdict verdict = Judge({{Custom(Which::kAny)}}, {Approval(false, "")});
  EXPECT_EQ("approved", verdict.entry);
  EXPECT_EQ("at /approved", verdict.detail);
}

// Any attestation satisfied any type once (CVE-2022-35929); a signature is none at all.
TEST_F(AttestationTest, OnlyTheVeryTypeCounts) {
  for (const char* type : {"https://acme.example/approval/v1/", "https://acme.example/approval/V1",
                           "https://acme.example/approval", "https://sigstore.dev/cosign/sign/v1"}) {
    EXPECT_EQ(Reason::kAttestationMissing,
              ReasonOf(Custom(Which::kAny), {Attested(release_, type, R"({"approved":true})")}))
        << type;
  }
}

TEST_F(AttestationTest, OnlyWhatIsAboutTheImageCounts) {
  using requirement::SubjectKind;
  const auto reason = [&](SubjectKind kind, const std::string& hex) {
    return ReasonOf(Custom(Which::kAny, {}, kind), {Approval(true, "", hex)});
  };
  EXPECT_EQ(Reason::kSigned, reason(SubjectKind::kEither, kIndexHex));
  EXPECT_EQ(Reason::kSigned, reason(SubjectKind::kEither, kManifestHex));
  EXPECT_EQ(Reason::kAttestationMissing, reason(SubjectKind::kEither, kOtherHex));
  EXPECT_EQ(Reason::kSigned, reason(SubjectKind::kIndex, kIndexHex));
  EXPECT_EQ(Reason::kAttestationMissing, reason(SubjectKind::kIndex, kManifestHex));
  EXPECT_EQ(Reason::kAttestationMissing, reason(SubjectKind::kManifest, kIndexHex));
  EXPECT_EQ(Reason::kSigned, reason(SubjectKind::kManifest, kManifestHex));
}

// An old good one does not stand against today's bad one.
TEST_F(AttestationTest, TheNewestDecides) {
  const auto old_yes = Approval(true, "2026-05-01T00:00:00Z");
  const auto new_yes = Approval(true, "2026-05-03T00:00:00Z");
  const auto old_no = Approval(false, "2026-05-01T00:00:00Z");
  const auto new_no = Approval(false, "2026-05-02T00:00:00Z");
  EXPECT_EQ(Reason::kSigned, ReasonOf(Custom(Which::kNewest), {old_yes}));
  EXPECT_EQ(Reason::kAttestationMismatch, ReasonOf(Custom(Which::kNewest), {old_yes, new_no}));
  EXPECT_EQ(Reason::kSigned, ReasonOf(Custom(Which::kNewest), {old_yes, new_no, new_yes}));
  EXPECT_EQ(Reason::kSigned, ReasonOf(Custom(Which::kAny), {old_yes, new_no}));
  EXPECT_EQ(Reason::kAttestationMismatch, ReasonOf(Custom(Which::kAll), {old_no, new_yes}));
  // All of the newest time; and all where one tells none.
  EXPECT_EQ(Reason::kAttestationMismatch, ReasonOf(Custom(Which::kNewest), {old_yes, old_no}));
  EXPECT_EQ(Reason::kAttestationMismatch, ReasonOf(Custom(Which::kNewest), {old_no, new_yes, Approval(true, "")}));
  EXPECT_TRUE(Judge({{Custom(Which::kNewest)}}, {old_yes}).needs_all);
}

TEST_F(AttestationTest, Ages) {
  using std::chrono::hours;
  const requirement::Freshness week{.alarm_age = {}, .max_age = hours(24 * 7), .max_age_known = hours(24 * 30)};
  const auto fresh = Approval(true, "2026-05-28T00:00:00Z");
  const auto stale = Approval(true, "2026-05-20T00:00:00Z");
  const auto ancient = Approval(true, "2026-04-01T00:00:00Z");
  EXPECT_EQ(Reason::kSigned, ReasonOf(Custom(Which::kNewest, week), {fresh}));
  EXPECT_EQ(Reason::kAttestationStale, ReasonOf(Custom(Which::kNewest, week), {stale}));
  EXPECT_EQ(Reason::kSigned, ReasonOf(Custom(Which::kNewest, week), {stale}, kNow, Moment::kKnown));
  EXPECT_EQ(Reason::kAttestationStale, ReasonOf(Custom(Which::kNewest, week), {ancient}, kNow, Moment::kKnown));
  EXPECT_EQ(Reason::kAttestationStale, ReasonOf(Custom(Which::kNewest, week), {Approval(true, "")}));
  // Without maxAgeKnown no calendar stops what ran yesterday.
  const requirement::Freshness pulls_only{.alarm_age = {}, .max_age = hours(1), .max_age_known = {}};
  EXPECT_EQ(Reason::kSigned,
            ReasonOf(Custom(Which::kNewest, pulls_only), {ancient}, kNow + hours(24 * 3650), Moment::kKnown));
  EXPECT_EQ(*ParseTime("2026-06-04T00:00:00Z"), Judge({{Custom(Which::kNewest, week)}}, {fresh}).good_until);
}

// A clock that was set back makes no old yes newer, and one whose time has not come is no yes.
TEST_F(AttestationTest, AClockSetBackRevivesNothing) {
  const auto old_yes = Approval(true, "2026-05-01T00:00:00Z");
  const auto new_no = Approval(false, "2026-05-20T00:00:00Z");
  const WallTime back = *ParseTime("2026-05-02T00:00:00Z");
  EXPECT_EQ(Reason::kAttestationMismatch, ReasonOf(Custom(Which::kNewest), {old_yes, new_no}, back));
  const auto ahead = Approval(true, "2026-05-20T00:00:00Z");
  EXPECT_EQ(Reason::kAttestationMissing, ReasonOf(Custom(Which::kNewest), {ahead}, back));
  EXPECT_EQ(Reason::kAttestationMalformed, ReasonOf(Custom(Which::kAny), {ahead}, back));
  EXPECT_EQ(Reason::kSigned, ReasonOf(Custom(Which::kNewest), {old_yes, ahead}, back));
}

// Attestations that nobody vouches for change neither a yes nor a no, in whatever order they come; nor does an older
// one.
TEST_F(AttestationTest, JunkAndOrderChangeNothing) {
  std::mt19937 random(17);
  const std::vector<SignatureEvidence> junk = {
      Attested(stranger_, kApproval, R"({"approved":false,"at":"2026-05-30T00:00:00Z"})"),
      Attested(stranger_, kApproval, "null"), Attested(release_, kApproval, R"({"approved":false})", kOtherHex),
      Attested(release_, "https://other.example/v1", R"({"approved":false})"),
      SignatureEvidence{oci::Digest::Of(AsBytes("x")), fakes::kBundleType, Bytes{'x'}, {}}};
  for (int round = 0; round < 16; ++round) {
    std::vector<SignatureEvidence> own;
    for (int i = 0; i <= round % 4; ++i) {
      own.push_back(Approval(random() % 2 == 0, "2026-05-1" + std::to_string(random() % 5) + "T00:00:00Z"));
    }
    for (const Which which : {Which::kAny, Which::kAll, Which::kNewest}) {
      const Reason before = ReasonOf(Custom(which), own);
      std::vector<SignatureEvidence> all = own;
      all.insert(all.end(), junk.begin(), junk.end());
      std::shuffle(all.begin(), all.end(), random);
      EXPECT_EQ(before, ReasonOf(Custom(which), all)) << round;
      if (which == Which::kAll) continue;
      all.push_back(Approval(random() % 2 == 0, "2026-01-01T00:00:00Z"));
      if (which == Which::kNewest || before == Reason::kSigned) {
        EXPECT_EQ(before, ReasonOf(Custom(which), all)) << round;
      }
    }
  }
}

// A verifier's FAILED is no, also where another list would do without it.
TEST_F(AttestationTest, ListsAndFailedSummaries) {
  const auto yes = Approval(true, "2026-05-01T00:00:00Z");
  const auto passed = Summary("PASSED", "2026-05-01T00:00:00Z");
  const auto failed = Summary("FAILED", "2026-05-02T00:00:00Z");
  const requirement::AttestationLists both = {{Custom(Which::kAny), Vsa("verified")}};
  EXPECT_EQ(Reason::kAttestationMissing, Judge(both, {yes}).reason);
  EXPECT_EQ(Reason::kSigned, Judge(both, {yes, passed}).reason);
  const requirement::AttestationLists either = {{Vsa("verified")}, {Custom(Which::kAny)}};
  EXPECT_EQ(Reason::kSigned, Judge(either, {yes}).reason);
  EXPECT_EQ(Reason::kSigned, Judge(either, {passed}).reason);
  EXPECT_EQ(Reason::kVerificationFailed, Judge(either, {yes, passed, failed}).reason);
  EXPECT_TRUE(Judge(either, {yes}).needs_all);
}

TEST_F(AttestationTest, ASignerSpeaksOnlyForItsOwn) {
  const auto provenance = [&](const TestAuthority& by, const std::string& builder) {
    return Attested(
        by, "https://slsa.dev/provenance/v1",
        R"({"buildDefinition":{"buildType":"b:t","externalParameters":{}},"runDetails":{"builder":{"id":")" + builder +
            R"("}}})");
  };
  auto asked =
      AttestationRequirement::Make({.name = "built",
                                    .by = {By(release_, {kBuilder}), By(stranger_, {"https://other.example/builder"})},
                                    .subject = requirement::SubjectKind::kEither,
                                    .freshness = {},
                                    .rule = *predicate::ProvenanceRule::Make({}),
                                    .which = {},
                                    .aliases = {}});
  ASSERT_TRUE(asked.ok());
  EXPECT_EQ(Reason::kSigned, ReasonOf(*asked, {provenance(release_, kBuilder)}));
  EXPECT_EQ(Reason::kProvenanceMismatch, ReasonOf(*asked, {provenance(stranger_, kBuilder)}));
  EXPECT_EQ(Reason::kSigned, ReasonOf(*asked, {provenance(stranger_, kBuilder), provenance(release_, kBuilder)}));
}

TEST_F(AttestationTest, RefusesEntriesThatAreUnsafe) {
  const auto made = [&](AttestationRequirement::Parts parts) {
    return AttestationRequirement::Make(std::move(parts)).ok();
  };
  const auto custom = [&] {
    return AttestationRequirement::Parts{.name = "a",
                                         .by = {By(release_)},
                                         .subject = requirement::SubjectKind::kEither,
                                         .freshness = {},
                                         .rule = Approved(),
                                         .which = Which::kAny,
                                         .aliases = {}};
  };
  EXPECT_TRUE(made(custom()));
  auto parts = custom();
  parts.name.clear();
  EXPECT_FALSE(made(parts));
  parts = custom();
  parts.by.clear();
  EXPECT_FALSE(made(parts));
  parts = custom();
  parts.by.push_back(By(release_));
  EXPECT_FALSE(made(parts));
  parts = custom();
  parts.which.reset();
  EXPECT_FALSE(made(parts));
  parts = custom();
  parts.by = {By(release_, {kBuilder})};
  EXPECT_FALSE(made(parts));
  parts = custom();
  parts.rule = *predicate::ProvenanceRule::Make({});
  parts.which.reset();
  EXPECT_FALSE(made(parts));
  parts = custom();
  parts.freshness = {.alarm_age = {}, .max_age = std::chrono::hours(2), .max_age_known = std::chrono::hours(1)};
  EXPECT_FALSE(made(parts));
  EXPECT_FALSE(requirement::CheckLists({{}}).ok());
  EXPECT_FALSE(requirement::CheckLists({{Custom(Which::kAny), Custom(Which::kAll)}}).ok());
  EXPECT_TRUE(requirement::CheckLists({{Custom(Which::kAny)}}).ok());
}

}  // namespace
}  // namespace pullseal::judge
