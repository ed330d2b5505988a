// SPDX-License-Identifier: Apache-2.0
// Each number of the judge's procedure can refuse, and a good signature beside junk still allows.
#include "verify/judge/judge.h"

#include <gtest/gtest.h>

#include <set>

#include "fakes/sigstore_authority.h"
#include "fakes/test_authority.h"
#include "image/oci/cosign.h"
#include "verify/judge/asked_for.h"

namespace pullseal::judge {
namespace {

using fakes::SimpleSigningPayload;
using fakes::TestAuthority;

const std::string kDigest = "sha256:" + std::string(64, 'a');
const WallTime kNow = *ParseTime("2026-11-22T12:00:00Z");

class JudgeTest : public ::testing::Test {
 protected:
  JudgeTest() { asks_.keys = {Named("release", release_)}; }

  static AskedFor::KeyAsked Named(const std::string& name, const TestAuthority& authority) {
    return {name, *crypto::PublicKey::ParsePem(authority.PublicPem())};
  }
  SignatureEvidence Signed(const TestAuthority& authority, const std::string& payload) const {
    SignatureEvidence out{oci::Digest::Of(AsBytes(payload)),
                          std::string(oci::kSimpleSigningMediaType),
                          Bytes(AsBytes(payload).begin(), AsBytes(payload).end()),
                          {}};
    out.annotations[std::string(oci::kSignatureAnnotation)] = authority.SignBase64(payload);
    return out;
  }
  std::string Payload(const std::string& repository = "reg.io/app", const std::string& digest = kDigest,
                      const std::string& optional = "null") const {
    return SimpleSigningPayload(repository, digest, optional);
  }
  Verdict Judge(std::vector<SignatureEvidence> signatures, WallTime now = kNow) const {
    return judge::Judge(Evidence{*oci::Digest::Parse(kDigest), "reg.io/app", std::move(signatures)}, asks_.Make(), now);
  }

  TestAuthority release_;
  TestAuthority second_;
  TestAuthority stranger_;
  AskedFor asks_;
};

TEST_F(JudgeTest, GoodSignatureAllows) {
  const Verdict verdict = Judge({Signed(release_, Payload())});
  EXPECT_EQ(Reason::kSigned, verdict.reason);
  ASSERT_EQ(1U, verdict.signers.size());
  EXPECT_EQ("release", verdict.signers[0].name);
}

TEST_F(JudgeTest, OneByOneIsAsAllAtOnce) {
  asks_.keys.push_back(Named("second", second_));
  asks_.terms.threshold = 2;
  const std::vector<SignatureEvidence> all = {Signed(stranger_, Payload()), Signed(release_, Payload()),
                                              Signed(second_, Payload())};
  const requirement::Requirement asked = asks_.Make();
  Judgement judgement(*oci::Digest::Parse(kDigest), "reg.io/app", asked, kNow);
  EXPECT_FALSE(judgement.IsSatisfied());
  EXPECT_EQ(Reason::kSignatureMissing, judgement.Conclude().reason);
  EXPECT_EQ(Reason::kSignatureInvalid, judgement.Add(all[0]).reason);
  EXPECT_EQ(Reason::kSigned, judgement.Add(all[1]).reason);
  EXPECT_FALSE(judgement.IsSatisfied());
  EXPECT_EQ(Reason::kThresholdNotMet, judgement.Conclude().reason);
  EXPECT_EQ(Reason::kSigned, judgement.Add(all[2]).reason);
  EXPECT_TRUE(judgement.IsSatisfied());
  const Verdict verdict = judgement.Conclude();
  EXPECT_EQ(Reason::kSigned, verdict.reason);
  EXPECT_EQ(3U, verdict.findings.size());
  EXPECT_EQ(Judge(all).evidence, verdict.evidence);
  EXPECT_EQ(Judge(all).signers, verdict.signers);
}

TEST_F(JudgeTest, NothingFoundIsSignatureMissing) { EXPECT_EQ(Reason::kSignatureMissing, Judge({}).reason); }

// Whatever is made without saying who may sign lets nobody sign, whoever did and however often.
TEST_F(JudgeTest, DefaultMadeRequirementsRefuse) {
  const Evidence evidence{*oci::Digest::Parse(kDigest), "reg.io/app", {Signed(release_, Payload())}};
  const Evidence nothing{*oci::Digest::Parse(kDigest), "reg.io/app", {}};
  const requirement::Requirement by_nobody;
  const requirement::Requirement signatures_by_nobody{.signatures = requirement::SignatureRequirement()};
  for (const auto* asked : {&by_nobody, &signatures_by_nobody}) {
    EXPECT_EQ(Outcome::kDeny, OutcomeOf(judge::Judge(evidence, *asked, kNow).reason));
    EXPECT_EQ(Outcome::kDeny, OutcomeOf(judge::Judge(nothing, *asked, kNow).reason));
    Judgement judgement(evidence.subject, evidence.repository, *asked, kNow);
    EXPECT_FALSE(judgement.IsSatisfied());
    EXPECT_NE(Reason::kSigned, judgement.Add(evidence.signatures[0]).reason);
    EXPECT_FALSE(judgement.IsSatisfied());
  }
}

// What is left of a requirement that was given away lets nobody sign either.
TEST_F(JudgeTest, AMovedFromRequirementRefuses) {
  requirement::Requirement asked = asks_.Make();
  const requirement::Requirement taken = std::move(asked);
  const Evidence evidence{*oci::Digest::Parse(kDigest), "reg.io/app", {Signed(release_, Payload())}};
  EXPECT_EQ(Reason::kSigned, judge::Judge(evidence, taken, kNow).reason);
  EXPECT_NE(Reason::kSigned, judge::Judge(evidence, asked, kNow).reason);  // NOLINT(bugprone-use-after-move)
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
  Bytes longer = changed.payload;
  longer.push_back(' ');
  changed.payload = std::move(longer);
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
  asks_.terms.repository = requirement::RepositoryBinding::kRequired;
  EXPECT_EQ(Reason::kRepositoryMismatch, with(""));
  EXPECT_EQ(Reason::kSigned, with("reg.io/app"));
  asks_.terms.aliases = {"ghcr.io/acme/app"};
  EXPECT_EQ(Reason::kSigned, with("ghcr.io/acme/app"));
  asks_.terms.repository = requirement::RepositoryBinding::kUnsafeAny;
  EXPECT_EQ(Reason::kSigned, with("reg.io/other"));
}

TEST_F(JudgeTest, Step6SignedAnnotations) {
  asks_.terms.annotations = {{"env", "prod"}};
  EXPECT_EQ(Reason::kAnnotationMismatch, Judge({Signed(release_, Payload())}).reason);
  EXPECT_EQ(Reason::kAnnotationMismatch,
            Judge({Signed(release_, Payload("reg.io/app", kDigest, R"({"env":"dev"})"))}).reason);
  EXPECT_EQ(Reason::kSigned, Judge({Signed(release_, Payload("reg.io/app", kDigest, R"({"env":"prod"})"))}).reason);
}

TEST_F(JudgeTest, Step7KeyWindowAndRevocation) {
  requirement::KeyUse& key = asks_.keys[0].use;
  key.not_before = kNow;
  key.not_after = kNow + std::chrono::hours(1);
  EXPECT_EQ(Reason::kSigned, Judge({Signed(release_, Payload())}).reason);
  EXPECT_EQ(Reason::kKeyNotYetValid, Judge({Signed(release_, Payload())}, kNow - std::chrono::seconds(1)).reason);
  EXPECT_EQ(Reason::kKeyExpired, Judge({Signed(release_, Payload())}, kNow + std::chrono::hours(2)).reason);
  key.revoked = requirement::Revocation{kNow + std::chrono::hours(5), "lost"};
  EXPECT_EQ(Reason::kKeyRevoked, Judge({Signed(release_, Payload())}).reason);
}

TEST_F(JudgeTest, VerdictEndsWithTheKey) {
  asks_.keys[0].use.not_after = kNow + std::chrono::hours(1);
  EXPECT_EQ(kNow + std::chrono::hours(1), Judge({Signed(release_, Payload())}).good_until);
}

TEST_F(JudgeTest, Step8ThresholdCountsKeysNotSignatures) {
  asks_.keys.push_back(Named("second", second_));
  asks_.terms.threshold = 2;
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

TEST(ReasonTest, EverySlugIsItsOwnAndTellsWhatToDo) {
  std::set<std::string_view> seen;
  for (const ReasonRow& row : Reasons()) {
    EXPECT_TRUE(seen.insert(row.slug).second) << row.slug;
    EXPECT_EQ(row.slug, Slug(row.reason));
    EXPECT_EQ(row.outcome, OutcomeOf(row.reason));
    EXPECT_EQ(row.sentence, Sentence(row.reason));
    EXPECT_GT(row.sentence.size(), 15U) << row.slug;
    EXPECT_EQ('.', row.sentence.back()) << row.slug;
  }
}

// What is no reason at all refuses.
TEST(ReasonTest, AnUnknownReasonNeverAllows) {
  EXPECT_NE(Outcome::kAllow, OutcomeOf(static_cast<Reason>(-1)));
  EXPECT_NE(Outcome::kAllow, OutcomeOf(static_cast<Reason>(Reasons().size())));
}

TEST(ReasonTest, OutcomesAreWhatTheyWere) {
  EXPECT_EQ(Outcome::kAllow, OutcomeOf(Reason::kException));
  EXPECT_EQ(Outcome::kDeny, OutcomeOf(Reason::kNoRule));
  EXPECT_EQ(Outcome::kDeny, OutcomeOf(Reason::kRequestMalformed));
  EXPECT_EQ(Outcome::kUnavailable, OutcomeOf(Reason::kRegistryError));
  EXPECT_EQ(Outcome::kUnavailable, OutcomeOf(Reason::kAuditUnavailable));
}

SignatureEvidence Bundled(const TestAuthority& authority, const std::string& statement,
                          const std::string& media_type = fakes::kBundleType) {
  const std::string bundle = fakes::KeyBundle(statement, authority.Sign(fakes::EnvelopeBytes(statement)));
  return SignatureEvidence{
      oci::Digest::Of(AsBytes(bundle)), media_type, Bytes(AsBytes(bundle).begin(), AsBytes(bundle).end()), {}};
}

TEST_F(JudgeTest, BundleAroundASignStatementAllows) {
  const Verdict verdict = Judge({Bundled(release_, fakes::SignStatement(kDigest))});
  EXPECT_EQ(Reason::kSigned, verdict.reason);
  EXPECT_TRUE(verdict.attestations.empty());
}

TEST_F(JudgeTest, BundlesAreJudgedByTheSameSteps) {
  const std::string other = "sha256:" + std::string(64, 'b');
  EXPECT_EQ(Reason::kSignatureInvalid, Judge({Bundled(stranger_, fakes::SignStatement(kDigest))}).reason);
  EXPECT_EQ(Reason::kDigestMismatch, Judge({Bundled(release_, fakes::SignStatement(other))}).reason);
  EXPECT_EQ(Reason::kBundleMalformed, Judge({Bundled(release_, "{}")}).reason);
  auto broken = Bundled(release_, fakes::SignStatement(kDigest));
  Bytes longer = broken.payload;
  longer.push_back('x');
  broken.payload = std::move(longer);
  EXPECT_EQ(Reason::kBundleMalformed, Judge({broken}).reason);
  asks_.terms.annotations = {{"env", "prod"}};
  EXPECT_EQ(Reason::kAnnotationMismatch, Judge({Bundled(release_, fakes::SignStatement(kDigest))}).reason);
  EXPECT_EQ(Reason::kSigned, Judge({Bundled(release_, fakes::SignStatement(kDigest, R"({"env":"prod"})"))}).reason);
  asks_.terms.annotations.clear();
  asks_.terms.repository = requirement::RepositoryBinding::kRequired;
  EXPECT_EQ(Reason::kRepositoryMismatch, Judge({Bundled(release_, fakes::SignStatement(kDigest))}).reason);
  asks_.terms.repository = requirement::RepositoryBinding::kBound;
  asks_.keys.front().use.not_after = kNow - std::chrono::hours(1);
  EXPECT_EQ(Reason::kKeyExpired, Judge({Bundled(release_, fakes::SignStatement(kDigest))}).reason);
}

// The signature is over type and payload together, so bytes signed for another purpose do not become a statement.
TEST_F(JudgeTest, EnvelopesOfOtherTypesDoNotCount) {
  const std::string statement = fakes::SignStatement(kDigest);
  for (const char* signed_as : {"application/json", "application/vnd.in-toto+json"}) {
    const std::string bundle =
        fakes::KeyBundle(statement, release_.Sign(fakes::EnvelopeBytes(statement, signed_as)), "application/json");
    EXPECT_EQ(Reason::kBundleMalformed, Judge({SignatureEvidence{oci::Digest::Of(AsBytes(bundle)),
                                                                 fakes::kBundleType,
                                                                 Bytes(AsBytes(bundle).begin(), AsBytes(bundle).end()),
                                                                 {}}})
                                            .reason);
  }
  // The same bytes, signed bare.
  const std::string bare = fakes::KeyBundle(statement, release_.Sign(statement));
  EXPECT_EQ(Reason::kSignatureInvalid, Judge({SignatureEvidence{oci::Digest::Of(AsBytes(bare)),
                                                                fakes::kBundleType,
                                                                Bytes(AsBytes(bare).begin(), AsBytes(bare).end()),
                                                                {}}})
                                           .reason);
}

// Peers take any statement by the key for a signature of the image: a failed scan would let it run.
TEST_F(JudgeTest, AttestationsAreNoSignaturesButAreBound) {
  const std::string scan = fakes::SignStatement(kDigest, "", "https://example.com/scan-failed/v1");
  const Verdict verdict = Judge({Bundled(release_, scan)});
  EXPECT_EQ(Reason::kSignatureMissing, verdict.reason);
  ASSERT_EQ(1U, verdict.attestations.size());
  EXPECT_EQ("https://example.com/scan-failed/v1", verdict.attestations[0].predicate_type);
  EXPECT_EQ("release", verdict.attestations[0].signer.name);
  const std::string near = fakes::SignStatement(kDigest, "", "https://sigstore.dev/cosign/sign/v1/");
  EXPECT_EQ(Reason::kSignatureMissing, Judge({Bundled(release_, near)}).reason);
  // Of other content, or by nobody known: neither a signature nor an attestation of this image.
  const std::string other =
      fakes::SignStatement("sha256:" + std::string(64, 'b'), "", "https://example.com/scan-failed/v1");
  EXPECT_TRUE(Judge({Bundled(release_, other)}).attestations.empty());
  EXPECT_TRUE(Judge({Bundled(stranger_, scan)}).attestations.empty());
  EXPECT_EQ(Reason::kSignatureMissing, Judge({Bundled(stranger_, scan)}).reason);
}

TEST_F(JudgeTest, LegacyAttestationEnvelopesAreRead) {
  const std::string scan = fakes::SignStatement(kDigest, "", "https://example.com/scan/v1");
  const std::string envelope = R"({"payloadType":"application/vnd.in-toto+json","payload":")" +
                               Base64Encode(AsBytes(scan)) + R"(","signatures":[{"keyid":"","sig":")" +
                               release_.SignBase64(fakes::EnvelopeBytes(scan)) + R"("}]})";
  const Verdict verdict = Judge({SignatureEvidence{oci::Digest::Of(AsBytes(envelope)),
                                                   "application/vnd.dsse.envelope.v1+json",
                                                   Bytes(AsBytes(envelope).begin(), AsBytes(envelope).end()),
                                                   {}}});
  EXPECT_EQ(1U, verdict.attestations.size());
}

TEST_F(JudgeTest, CertificatesDoNotCountForKeys) {
  const fakes::SigstoreAuthority authority;
  const std::string bundle = authority.SignEnvelope(fakes::SignStatement(kDigest)).Bundle();
  auto evidence = Bundled(release_, fakes::SignStatement(kDigest));
  evidence.payload = SharedBytes(AsBytes(bundle).begin(), AsBytes(bundle).end());
  EXPECT_EQ(Reason::kSignatureInvalid, Judge({evidence}).reason);
}

TEST_F(JudgeTest, ThresholdCountsKeysAcrossForms) {
  asks_.keys.push_back(Named("second", second_));
  asks_.terms.threshold = 2;
  EXPECT_EQ(Reason::kThresholdNotMet,
            Judge({Signed(release_, Payload()), Bundled(release_, fakes::SignStatement(kDigest))}).reason);
  EXPECT_EQ(Reason::kSigned,
            Judge({Signed(release_, Payload()), Bundled(second_, fakes::SignStatement(kDigest))}).reason);
}

}  // namespace
}  // namespace pullseal::judge
