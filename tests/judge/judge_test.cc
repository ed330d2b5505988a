// Each number of the judge's procedure can refuse, and a good signature beside junk still allows.
#include "judge/judge.h"

#include <gtest/gtest.h>

#include <set>

#include "fakes/test_authority.h"
#include "sigstore/simple_signing.h"

namespace pullseal::judge {
namespace {

using fakes::SimpleSigningPayload;
using fakes::TestAuthority;

const std::string kDigest = "sha256:" + std::string(64, 'a');
const WallTime kNow = *ParseTime("2026-11-22T12:00:00Z");

class JudgeTest : public ::testing::Test {
 protected:
  JudgeTest() { requirement_.any_of = {Named("release", release_)}; }

  static policy::Key Named(const std::string& name, const TestAuthority& authority) {
    return policy::Key{name, *crypto::PublicKey::ParsePem(authority.PublicPem()), {}, {}, {}};
  }
  SignatureEvidence Signed(const TestAuthority& authority, const std::string& payload) const {
    SignatureEvidence out{oci::Digest::Of(AsBytes(payload)),
                          std::string(sigstore::kSimpleSigningMediaType),
                          Bytes(AsBytes(payload).begin(), AsBytes(payload).end()),
                          {}};
    out.annotations[std::string(sigstore::kSignatureAnnotation)] = authority.SignBase64(payload);
    return out;
  }
  std::string Payload(const std::string& repository = "reg.io/app", const std::string& digest = kDigest,
                      const std::string& optional = "null") const {
    return SimpleSigningPayload(repository, digest, optional);
  }
  Verdict Judge(std::vector<SignatureEvidence> signatures, WallTime now = kNow) const {
    return judge::Judge(Evidence{*oci::Digest::Parse(kDigest), "reg.io/app", std::move(signatures)}, requirement_, now);
  }

  TestAuthority release_;
  TestAuthority second_;
  TestAuthority stranger_;
  policy::SignatureRequirement requirement_;
};

TEST_F(JudgeTest, GoodSignatureAllows) {
  const Verdict verdict = Judge({Signed(release_, Payload())});
  EXPECT_EQ(Reason::kSigned, verdict.reason);
  EXPECT_EQ(std::vector<std::string>{"release"}, verdict.signers);
}

TEST_F(JudgeTest, NothingFoundIsSignatureMissing) { EXPECT_EQ(Reason::kSignatureMissing, Judge({}).reason); }

TEST_F(JudgeTest, EmptyRequirementDenies) {
  requirement_.any_of.clear();
  EXPECT_NE(Reason::kSigned, Judge({Signed(release_, Payload())}).reason);
  requirement_.threshold = 0;
  EXPECT_NE(Reason::kSigned, Judge({}).reason);
}

TEST_F(JudgeTest, Step1AnotherLayerOrNoSignatureIsMalformed) {
  auto other = Signed(release_, Payload());
  other.media_type = "application/octet-stream";
  EXPECT_EQ(Reason::kBundleMalformed, Judge({other}).reason);
  auto bare = Signed(release_, Payload());
  bare.annotations.clear();
  EXPECT_EQ(Reason::kBundleMalformed, Judge({bare}).reason);
  auto bad = Signed(release_, Payload());
  for (auto& [name, value] : bad.annotations) value += "!";
  EXPECT_EQ(Reason::kBundleMalformed, Judge({bad}).reason);
  for (auto& [name, value] : bad.annotations) value = "";
  EXPECT_EQ(Reason::kBundleMalformed, Judge({bad}).reason);
}

TEST_F(JudgeTest, Step2AnotherKeyOrChangedPayloadIsInvalid) {
  EXPECT_EQ(Reason::kSignatureInvalid, Judge({Signed(stranger_, Payload())}).reason);
  auto changed = Signed(release_, Payload());
  changed.payload.push_back(' ');
  EXPECT_EQ(Reason::kSignatureInvalid, Judge({changed}).reason);
}

TEST_F(JudgeTest, Step3SignedNonsenseIsMalformed) {
  EXPECT_EQ(Reason::kBundleMalformed, Judge({Signed(release_, "{}")}).reason);
}

TEST_F(JudgeTest, Step4ClaimAboutAnotherDigest) {
  EXPECT_EQ(Reason::kDigestMismatch,
            Judge({Signed(release_, Payload("reg.io/app", "sha256:" + std::string(64, 'b')))}).reason);
}

TEST_F(JudgeTest, Step5RepositoryBinding) {
  const auto with = [&](const std::string& claimed) { return Judge({Signed(release_, Payload(claimed))}).reason; };
  EXPECT_EQ(Reason::kRepositoryMismatch, with("reg.io/other"));
  EXPECT_EQ(Reason::kRepositoryMismatch, with("reg.io/app/../other"));
  EXPECT_EQ(Reason::kSigned, with("REG.io:443/app"));
  EXPECT_EQ(Reason::kSigned, with(""));
  requirement_.repository = policy::RepositoryBinding::kRequired;
  EXPECT_EQ(Reason::kRepositoryMismatch, with(""));
  EXPECT_EQ(Reason::kSigned, with("reg.io/app"));
  requirement_.aliases = {"ghcr.io/acme/app"};
  EXPECT_EQ(Reason::kSigned, with("ghcr.io/acme/app"));
  requirement_.repository = policy::RepositoryBinding::kAny;
  EXPECT_EQ(Reason::kSigned, with("reg.io/other"));
}

TEST_F(JudgeTest, Step6SignedAnnotations) {
  requirement_.annotations = {{"env", "prod"}};
  EXPECT_EQ(Reason::kAnnotationMismatch, Judge({Signed(release_, Payload())}).reason);
  EXPECT_EQ(Reason::kAnnotationMismatch,
            Judge({Signed(release_, Payload("reg.io/app", kDigest, R"({"env":"dev"})"))}).reason);
  EXPECT_EQ(Reason::kSigned, Judge({Signed(release_, Payload("reg.io/app", kDigest, R"({"env":"prod"})"))}).reason);
}

TEST_F(JudgeTest, Step7KeyWindowAndRevocation) {
  policy::Key& key = requirement_.any_of[0];
  key.not_before = kNow;
  key.not_after = kNow + std::chrono::hours(1);
  EXPECT_EQ(Reason::kSigned, Judge({Signed(release_, Payload())}).reason);
  EXPECT_EQ(Reason::kKeyNotYetValid, Judge({Signed(release_, Payload())}, kNow - std::chrono::seconds(1)).reason);
  EXPECT_EQ(Reason::kKeyExpired, Judge({Signed(release_, Payload())}, kNow + std::chrono::hours(2)).reason);
  key.revoked = policy::Revocation{kNow + std::chrono::hours(5), "lost"};
  EXPECT_EQ(Reason::kKeyRevoked, Judge({Signed(release_, Payload())}).reason);
}

TEST_F(JudgeTest, VerdictEndsWithTheKey) {
  requirement_.any_of[0].not_after = kNow + std::chrono::hours(1);
  EXPECT_EQ(kNow + std::chrono::hours(1), Judge({Signed(release_, Payload())}).good_until);
}

TEST_F(JudgeTest, Step8ThresholdCountsKeysNotSignatures) {
  requirement_.any_of.push_back(Named("second", second_));
  requirement_.threshold = 2;
  EXPECT_EQ(Reason::kThresholdNotMet, Judge({Signed(release_, Payload()), Signed(release_, Payload())}).reason);
  EXPECT_EQ(Reason::kThresholdNotMet, Judge({Signed(release_, Payload()), Signed(stranger_, Payload())}).reason);
  EXPECT_EQ(Reason::kSigned, Judge({Signed(release_, Payload()), Signed(second_, Payload())}).reason);
}

TEST_F(JudgeTest, JunkBesideAGoodSignatureDoesNotHurt) {
  auto junk = Signed(stranger_, "junk");
  junk.annotations.clear();
  EXPECT_EQ(Reason::kSigned,
            Judge({junk, Signed(stranger_, Payload()), Signed(release_, Payload()), Signed(release_, "{}")}).reason);
}

TEST(ReasonTest, EverySlugIsItsOwnAndHasAnOutcome) {
  std::set<std::string_view> seen;
  for (int i = 0; i <= static_cast<int>(Reason::kAuditUnavailable); ++i) {
    EXPECT_TRUE(seen.insert(Slug(static_cast<Reason>(i))).second) << i;
  }
  EXPECT_EQ(Outcome::kAllow, OutcomeOf(Reason::kException));
  EXPECT_EQ(Outcome::kDeny, OutcomeOf(Reason::kNoRule));
  EXPECT_EQ(Outcome::kDeny, OutcomeOf(Reason::kRequestMalformed));
  EXPECT_EQ(Outcome::kUnavailable, OutcomeOf(Reason::kRegistryError));
  EXPECT_EQ(Outcome::kUnavailable, OutcomeOf(Reason::kAuditUnavailable));
}

}  // namespace
}  // namespace pullseal::judge
