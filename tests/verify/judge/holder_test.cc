// SPDX-License-Identifier: Apache-2.0
// Signatures in cosign's form with a certificate of an own PKI: each step of the procedure can refuse.
#include <gtest/gtest.h>

#include "fakes/sigstore_authority.h"
#include "fakes/test_authority.h"
#include "image/oci/cosign.h"
#include "verify/judge/judge.h"
#include "verify/notary/notary_fixture.h"
#include "verify/sigstore/trusted_material.h"

namespace pullseal::judge {
namespace {

using fakes::CertificatePlan;
using fakes::NotaryAuthority;
using requirement::Authority;
using requirement::CertificateHolders;
using requirement::Holder;

// The names of its signer's certificate.
NotaryAuthority Pki(fakes::NotarySetup::Change leaf = {}, fakes::NotarySetup::Change ca = {}) {
  return NotaryAuthority({.ca = std::move(ca), .leaf = std::move(leaf)});
}

CertificateHolders::Asked Asks(const NotaryAuthority& pki) {
  return {.roots = notary::Store("acme", notary::StoreKind::kCa, {pki.root().der}),
          .holders = {{.subject = std::make_shared<const notary::Identity>(
                           *notary::Identity::ParseSubject(NotaryAuthority::kSubject))}}};
}

SignatureEvidence Signed(const NotaryAuthority& pki, std::vector<Bytes> chain) {
  const std::string payload = fakes::SimpleSigningPayload("reg.io/app", NotaryAuthority::kDigest);
  SignatureEvidence out{.blob = oci::Digest::Of(AsBytes(payload)),
                        .media_type = std::string(oci::kSimpleSigningMediaType),
                        .payload = Bytes(AsBytes(payload).begin(), AsBytes(payload).end()),
                        .annotations = {}};
  out.annotations[std::string(oci::kSignatureAnnotation)] = pki.leaf_key().SignBase64(payload);
  out.annotations[std::string(oci::kCertificateAnnotation)] = fakes::ToPem(pki.leaf().der);
  std::string pem;
  for (const Bytes& one : chain) pem += fakes::ToPem(one);
  if (!pem.empty()) out.annotations[std::string(oci::kChainAnnotation)] = pem;
  return out;
}
SignatureEvidence Signed(const NotaryAuthority& pki) { return Signed(pki, {pki.ca().der, pki.root().der}); }

Verdict JudgeBy(CertificateHolders::Asked asked, SignatureEvidence found, WallTime now = NotaryAuthority::Now()) {
  auto made = CertificateHolders::Make(std::move(asked));
  EXPECT_TRUE(made.ok()) << made.error().message;
  return Judge(Evidence{*oci::Digest::Parse(NotaryAuthority::kDigest), "reg.io/app", {std::move(found)}},
               {.signatures = *requirement::SignatureRequirement::Make({*made})}, now);
}

TEST(HolderTest, ACertificateBelowTheRootsCounts) {
  const NotaryAuthority pki = Pki();
  const Verdict verdict = JudgeBy(Asks(pki), Signed(pki));
  EXPECT_EQ(Reason::kSigned, verdict.reason) << verdict.findings[0].detail;
  ASSERT_EQ(1U, verdict.signers.size());
  EXPECT_EQ(NotaryAuthority::kSubject, verdict.signers[0].name);
  EXPECT_EQ("acme", verdict.signers[0].issuer);
  EXPECT_EQ(notary::At("2027-01-01T00:00:00Z"), verdict.good_until);
}

TEST(HolderTest, WhatComesAlongOnlyHelpsToFindTheWay) {
  const NotaryAuthority pki = Pki();
  const NotaryAuthority other = Pki();
  EXPECT_EQ(Reason::kCertificateInvalid, JudgeBy(Asks(pki), Signed(pki, {})).reason) << "its issuer is unknown";
  EXPECT_EQ(Reason::kSigned, JudgeBy(Asks(pki), Signed(pki, {other.ca().der, pki.root().der, pki.ca().der})).reason);
  EXPECT_EQ(Reason::kCertificateInvalid, JudgeBy(Asks(pki), Signed(other)).reason) << "a root of its own";
  CertificateHolders::Asked intermediate = Asks(pki);
  intermediate.roots = notary::Store("acme", notary::StoreKind::kCa, {pki.ca().der});
  EXPECT_EQ(Reason::kSigned, JudgeBy(intermediate, Signed(pki, {})).reason);
}

TEST(HolderTest, WhoMayNotSignCodeDoesNot) {
  const auto reason = [](fakes::NotarySetup::Change leaf) {
    const NotaryAuthority pki = Pki(std::move(leaf));
    return JudgeBy(Asks(pki), Signed(pki)).reason;
  };
  EXPECT_EQ(Reason::kCertificateInvalid, reason([](CertificatePlan& plan) { plan.extended_key_usage.clear(); }));
  EXPECT_EQ(Reason::kCertificateInvalid, reason([](CertificatePlan& plan) { plan.extended_key_usage = "serverAuth"; }));
  EXPECT_EQ(Reason::kCertificateInvalid,
            reason([](CertificatePlan& plan) { plan.key_usage = "critical,keyEncipherment"; }));
  EXPECT_EQ(Reason::kCertificateInvalid, reason([](CertificatePlan& plan) { plan.is_authority = true; }));
}

TEST(HolderTest, AnAuthorityIsCriticallyOne) {
  const NotaryAuthority pki = Pki({}, [](CertificatePlan& plan) { plan.basic_constraints = "CA:TRUE"; });
  EXPECT_EQ(Reason::kCertificateInvalid, JudgeBy(Asks(pki), Signed(pki)).reason);
}

TEST(HolderTest, AHolderIsWhoTheCertificateNames) {
  const NotaryAuthority pki = Pki([](CertificatePlan& plan) {
    plan.alternative_names = "email:a@acme.io,DNS:build.acme.io,URI:spiffe://acme/build";
  });
  const auto reason = [&](Holder holder) {
    CertificateHolders::Asked asked = Asks(pki);
    asked.holders = {std::move(holder)};
    return JudgeBy(asked, Signed(pki)).reason;
  };
  EXPECT_EQ(Reason::kSigned, reason({.email = "a@acme.io"}));
  EXPECT_EQ(Reason::kSigned, reason({.hostname = "build.acme.io"}));
  EXPECT_EQ(Reason::kSigned, reason({.uri = "spiffe://acme/build"}));
  EXPECT_EQ(Reason::kIdentityMismatch, reason({.email = "build.acme.io"})) << "of another kind";
  EXPECT_EQ(Reason::kIdentityMismatch, reason({.email = "A@acme.io"}));
  EXPECT_EQ(Reason::kIdentityMismatch, reason({.hostname = "acme.io"}));
  EXPECT_EQ(Reason::kIdentityMismatch,
            reason({.subject = std::make_shared<const notary::Identity>(
                        *notary::Identity::ParseSubject("C=US, ST=WA, O=Acme, CN=somebody"))}));
}

TEST(HolderTest, WithoutAProvenTimeItIsNowThatCounts) {
  const NotaryAuthority pki = Pki();
  EXPECT_EQ(Reason::kCertificateExpired, JudgeBy(Asks(pki), Signed(pki), notary::At("2027-01-01T00:00:01Z")).reason);
  EXPECT_EQ(Reason::kCertificateExpired, JudgeBy(Asks(pki), Signed(pki), notary::At("2025-12-31T00:00:00Z")).reason);
  const NotaryAuthority ended = Pki({}, [](CertificatePlan& plan) { plan.to = notary::At("2026-05-01T00:00:00Z"); });
  EXPECT_EQ(Reason::kCertificateExpired, JudgeBy(Asks(ended), Signed(ended)).reason) << "all of them";
  CertificateHolders::Asked timed = Asks(pki);
  timed.times = std::make_shared<const sigstore::TrustedMaterial>(
      *sigstore::TrustedMaterial::Make(*sigstore::TrustedRoot::Parse(fakes::SigstoreAuthority().TrustedRoot())));
  EXPECT_EQ(Reason::kSigned, JudgeBy(timed, Signed(pki)).reason);
  timed.needs_time = true;
  EXPECT_EQ(Reason::kTimeMissing, JudgeBy(timed, Signed(pki)).reason);
}

// A bare key where a certificate belongs (GHSA-fx35-mq7g-6g98), and a certificate whose key did not sign.
TEST(HolderTest, OnlyTheCertificatesKeySigns) {
  const NotaryAuthority pki = Pki();
  const fakes::TestAuthority thief;
  SignatureEvidence bare = Signed(pki);
  bare.annotations[std::string(oci::kSignatureAnnotation)] = thief.SignBase64(std::string(AsText(bare.payload)));
  EXPECT_EQ(Reason::kSignatureInvalid, JudgeBy(Asks(pki), bare).reason);
  bare.annotations[std::string(oci::kCertificateAnnotation)] = thief.PublicPem();
  EXPECT_EQ(Reason::kBundleMalformed, JudgeBy(Asks(pki), bare).reason);
  bare.annotations.erase(std::string(oci::kCertificateAnnotation));
  bare.annotations.erase(std::string(oci::kChainAnnotation));
  EXPECT_EQ(Reason::kSignatureInvalid, JudgeBy(Asks(pki), bare).reason);
}

// A trust root that lists the root alone: the intermediate that comes along is a way to it, and a stranger's is none.
TEST(KeylessChainTest, IntermediatesMayComeAlong) {
  const fakes::SigstoreAuthority authority;
  auto root = *sigstore::TrustedRoot::Parse(authority.TrustedRoot());
  auto& chain = root.certificate_authorities.at(0).chain;
  ASSERT_EQ(2U, chain.size());
  const Bytes intermediate = chain.front();
  chain.erase(chain.begin());
  const auto trusted = std::make_shared<const sigstore::TrustedMaterial>(*sigstore::TrustedMaterial::Make(root));
  const auto keyless = requirement::Keyless::Make(
      {"test", trusted}, {.issuer = fakes::SignPlan().issuer, .subject = fakes::SignPlan().subject});
  ASSERT_TRUE(keyless.ok()) << keyless.error().message;
  const std::string payload = fakes::SimpleSigningPayload("reg.io/app", NotaryAuthority::kDigest);
  const auto reason = [&](const std::vector<Bytes>& beside) {
    const auto signature = authority.SignMessage(payload, {.log = fakes::SignPlan::Log::kPromise});
    SignatureEvidence found{.blob = oci::Digest::Of(AsBytes(payload)),
                            .media_type = std::string(oci::kSimpleSigningMediaType),
                            .payload = Bytes(AsBytes(payload).begin(), AsBytes(payload).end()),
                            .annotations = signature.Annotations()};
    std::string pem;
    for (const Bytes& one : beside) pem += fakes::ToPem(one);
    found.annotations[std::string(oci::kChainAnnotation)] = pem;
    return Judge(Evidence{*oci::Digest::Parse(NotaryAuthority::kDigest), "reg.io/app", {found}},
                 {.signatures = *requirement::SignatureRequirement::Make({*keyless})},
                 fakes::SigstoreAuthority::Start())
        .reason;
  };
  EXPECT_EQ(Reason::kSigned, reason({intermediate}));
  EXPECT_EQ(Reason::kCertificateInvalid, reason({chain.front()}));
  const auto other = *sigstore::TrustedRoot::Parse(fakes::SigstoreAuthority().TrustedRoot());
  EXPECT_EQ(Reason::kCertificateInvalid, reason(other.certificate_authorities.at(0).chain));
}

TEST(HolderTest, AsksForSomebodyByOneThing) {
  const NotaryAuthority pki = Pki();
  const auto made = [&](const std::function<void(CertificateHolders::Asked&)>& change) {
    CertificateHolders::Asked asked = Asks(pki);
    change(asked);
    return CertificateHolders::Make(std::move(asked)).ok();
  };
  EXPECT_TRUE(made([](auto&) {}));
  EXPECT_FALSE(made([](auto& asked) { asked.holders.clear(); }));
  EXPECT_FALSE(made([](auto& asked) { asked.holders.push_back({}); }));
  EXPECT_FALSE(made([](auto& asked) { asked.holders[0].email = "a@acme.io"; }));
  EXPECT_FALSE(made([](auto& asked) { asked.roots = nullptr; }));
  EXPECT_FALSE(made([](auto& asked) { asked.needs_time = true; }));
  EXPECT_FALSE(made([](auto& asked) { asked.holders.resize(65, asked.holders[0]); }));
  EXPECT_FALSE(
      made([&](auto& asked) { asked.roots = notary::Store("times", notary::StoreKind::kTsa, {pki.tsa_root().der}); }));
}

}  // namespace
}  // namespace pullseal::judge
