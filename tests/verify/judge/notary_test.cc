// SPDX-License-Identifier: Apache-2.0
// Notary Project signatures before the judge: each fault by its reason, and what counts beside keys and other stores.
#include <gtest/gtest.h>

#include "fakes/test_authority.h"
#include "image/oci/cosign.h"
#include "verify/judge/judge.h"
#include "verify/notary/notary_fixture.h"

namespace pullseal::judge {
namespace {

using fakes::NotaryAuthority;
using fakes::NotaryPlan;
using notary::TrustIn;
using requirement::Authority;

const NotaryAuthority& Acme() {
  static const NotaryAuthority authority;
  return authority;
}
const NotaryAuthority& Other() {
  static const NotaryAuthority authority;
  return authority;
}

SignatureEvidence Found(const Bytes& envelope, std::string_view type = notary::kJwsType) {
  return {.blob = oci::Digest::Of(envelope), .media_type = std::string(type), .payload = envelope, .annotations = {}};
}

Authority Asks(notary::Trust trust) { return *requirement::Notary::Make(std::move(trust)); }

Authority Store(const std::string& name, const NotaryAuthority& authority) {
  notary::Trust trust = TrustIn(authority);
  trust.store = notary::Store(name, notary::StoreKind::kCa, {authority.root().der});
  return Asks(std::move(trust));
}

Verdict JudgeBy(std::vector<Authority> any_of, std::vector<SignatureEvidence> found, requirement::Terms terms = {},
                WallTime now = NotaryAuthority::Now()) {
  auto made = requirement::SignatureRequirement::Make(std::move(any_of), std::move(terms));
  EXPECT_TRUE(made.ok()) << made.error().message;
  return Judge(Evidence{*oci::Digest::Parse(NotaryAuthority::kDigest), "reg.io/app", std::move(found)},
               {.signatures = std::move(*made)}, now);
}

Reason ReasonFor(const NotaryPlan& plan, notary::Trust trust = TrustIn(Acme()), WallTime now = NotaryAuthority::Now()) {
  return JudgeBy({Asks(std::move(trust))}, {Found(Acme().Jws(plan))}, {}, now).reason;
}

TEST(NotaryJudgeTest, BothEnvelopesCount) {
  for (const auto& [bytes, type] :
       {std::pair(Acme().Jws(), notary::kJwsType), std::pair(Acme().Cose(), notary::kCoseType)}) {
    const Verdict verdict = JudgeBy({Asks(TrustIn(Acme()))}, {Found(bytes, type)});
    EXPECT_EQ(Reason::kSigned, verdict.reason) << verdict.findings[0].detail;
    ASSERT_EQ(1U, verdict.signers.size());
    EXPECT_EQ(NotaryAuthority::kSubject, verdict.signers[0].name);
    EXPECT_EQ("acme", verdict.signers[0].issuer);
    EXPECT_EQ(notary::At("2027-01-01T00:00:00Z"), verdict.good_until) << "nothing proves its time";
  }
}

TEST(NotaryJudgeTest, EachFaultHasItsReason) {
  EXPECT_EQ(Reason::kSigned, ReasonFor({}));
  EXPECT_EQ(Reason::kBundleMalformed, ReasonFor({.result = notary::Replacing("{", "{{")}));
  EXPECT_EQ(Reason::kSignatureInvalid, ReasonFor({.signs_with = &Other().leaf_key()}));
  EXPECT_EQ(Reason::kCertificateInvalid, ReasonFor({}, TrustIn(Other())));
  EXPECT_EQ(Reason::kSignatureExpired,
            ReasonFor({.expiry = "2026-06-02T00:00:00Z"}, TrustIn(Acme()), notary::At("2026-06-02T00:00:00Z")));
  EXPECT_EQ(Reason::kCertificateExpired, ReasonFor({}, TrustIn(Acme()), notary::At("2028-01-01T00:00:00Z")));
  EXPECT_EQ(Reason::kTimeMissing, ReasonFor({}, TrustIn(Acme(), true)));
  EXPECT_EQ(Reason::kSigned, ReasonFor({.timestamp = Acme().Stamps()}, TrustIn(Acme(), true)));
  EXPECT_EQ(Reason::kTimestampInvalid,
            ReasonFor({.timestamp = Acme().Stamps({.broken = true})}, TrustIn(Acme(), true)));
  const NotaryAuthority ended(
      {.leaf = [](fakes::CertificatePlan& plan) { plan.to = notary::At("2026-06-01T11:00:00Z"); }});
  EXPECT_EQ(Reason::kTimeOutsideCertificate,
            JudgeBy({Asks(TrustIn(ended, true))}, {Found(ended.Jws({.timestamp = ended.Stamps()}))}).reason);
  notary::Trust somebody = TrustIn(Acme());
  somebody.identities = {*notary::Identity::ParseSubject("C=US, ST=WA, O=Acme, CN=somebody")};
  EXPECT_EQ(Reason::kIdentityMismatch, ReasonFor({}, somebody));
  const NotaryPlan critical{.protected_json = [](std::string& text) {
    text = notary::Replace(text, "\"crit\":[", "\"com.acme.x\":\"y\",\"crit\":[\"com.acme.x\",");
  }};
  EXPECT_EQ(Reason::kAttributeUnknown, ReasonFor(critical));
}

TEST(NotaryJudgeTest, WhatWasSignedIsComparedEvenWhereItCannotCount) {
  const std::string elsewhere = NotaryAuthority::Payload("sha256:" + std::string(64, 'e'));
  EXPECT_EQ(Reason::kDigestMismatch, ReasonFor({.payload = elsewhere}));
  EXPECT_EQ(Reason::kDigestMismatch,
            ReasonFor({.payload = elsewhere}, TrustIn(Acme()), notary::At("2028-01-01T00:00:00Z")));
}

TEST(NotaryJudgeTest, AnnotationsAreTheSigners) {
  const requirement::Terms terms{.annotations = {{"env", "prod"}}};
  const auto reason = [&](const std::string& annotations) {
    const NotaryPlan plan{.payload = NotaryAuthority::Payload(NotaryAuthority::kDigest, annotations)};
    return JudgeBy({Asks(TrustIn(Acme()))}, {Found(Acme().Jws(plan))}, terms).reason;
  };
  EXPECT_EQ(Reason::kSigned, reason(R"({"env":"prod"})"));
  EXPECT_EQ(Reason::kAnnotationMismatch, reason(R"({"env":"test"})"));
  EXPECT_EQ(Reason::kAnnotationMismatch, reason(""));
}

TEST(NotaryJudgeTest, ARuleWithoutSuchAnAuthorityTakesNone) {
  const fakes::TestAuthority key;
  const Verdict verdict = JudgeBy({*requirement::Key::Make("release", *crypto::PublicKey::ParsePem(key.PublicPem()))},
                                  {Found(Acme().Jws())});
  EXPECT_EQ(Reason::kSignatureInvalid, verdict.reason);
  EXPECT_TRUE(verdict.findings[0].detail.starts_with("a Notary Project signature")) << verdict.findings[0].detail;
}

TEST(NotaryJudgeTest, JunkBeforeTheGoodOneDoesNotHurt) {
  std::vector<SignatureEvidence> found;
  for (int i = 0; i < 100; ++i) found.push_back(Found(Other().Jws()));
  found.push_back(Found({0xd2}, notary::kCoseType));
  found.push_back(Found(Acme().Jws(), notary::kCoseType));
  found.push_back(Found(Acme().Cose(), notary::kCoseType));
  EXPECT_EQ(Reason::kSigned, JudgeBy({Asks(TrustIn(Acme()))}, std::move(found)).reason);
}

TEST(NotaryJudgeTest, AThresholdCountsAuthoritiesOfAllKinds) {
  const fakes::TestAuthority key;
  const std::string payload = fakes::SimpleSigningPayload("reg.io/app", NotaryAuthority::kDigest);
  SignatureEvidence by_key{.blob = oci::Digest::Of(AsBytes(payload)),
                           .media_type = std::string(oci::kSimpleSigningMediaType),
                           .payload = Bytes(AsBytes(payload).begin(), AsBytes(payload).end()),
                           .annotations = {{std::string(oci::kSignatureAnnotation), key.SignBase64(payload)}}};
  const std::vector<Authority> all = {*requirement::Key::Make("release", *crypto::PublicKey::ParsePem(key.PublicPem())),
                                      Store("acme", Acme()), Store("other", Other())};
  const requirement::Terms two{.threshold = 2};
  const SignatureEvidence acme = Found(Acme().Jws());
  EXPECT_EQ(Reason::kThresholdNotMet, JudgeBy(all, {acme}, two).reason);
  EXPECT_EQ(Reason::kThresholdNotMet, JudgeBy(all, {acme, Found(Acme().Cose(), notary::kCoseType)}, two).reason)
      << "one signer twice";
  EXPECT_EQ(Reason::kSigned, JudgeBy(all, {acme, by_key}, two).reason);
  EXPECT_EQ(Reason::kSigned, JudgeBy(all, {acme, Found(Other().Jws())}, two).reason);
  EXPECT_EQ(Reason::kSigned, JudgeBy(all, {acme, by_key, Found(Other().Jws())}, {.threshold = 3}).reason);
}

// A signature that satisfies two authorities is good as long as both are.
TEST(NotaryJudgeTest, TheEarlierEndCounts) {
  notary::Trust stamped = TrustIn(Acme(), true);
  stamped.verify = notary::Trust::Timestamps::kAfterExpiry;
  const Bytes envelope = Acme().Jws({.expiry = "2026-07-01T00:00:00Z", .timestamp = Acme().Stamps()});
  const Verdict verdict = JudgeBy({Asks(TrustIn(Acme(), true)), Asks(stamped)}, {Found(envelope)});
  EXPECT_EQ(Reason::kSigned, verdict.reason);
  EXPECT_EQ(2U, verdict.findings[0].authorities.size());
  EXPECT_EQ(notary::At("2026-07-01T00:00:00Z"), verdict.good_until);
}

}  // namespace
}  // namespace pullseal::judge
