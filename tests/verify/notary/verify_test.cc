// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/verify.h"

#include <gtest/gtest.h>

#include "verify/notary/notary_fixture.h"

namespace pullseal::notary {
namespace {

using fakes::CertificatePlan;
using fakes::NotaryAuthority;
using fakes::NotaryPlan;
using fakes::TokenPlan;

class NotaryVerifyTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { authority_ = new NotaryAuthority(); }
  static void TearDownTestSuite() { delete authority_; }
  // The outcome in both forms, which has to be one.
  static Outcome In(const NotaryPlan& plan, const Trust& trust, const char* now = NotaryAuthority::kTime) {
    Outcome jws = OutcomeOf(kJwsType, authority_->Jws(plan), trust, At(now));
    const Outcome cose = OutcomeOf(kCoseType, authority_->Cose(plan), trust, At(now));
    EXPECT_EQ(jws.flaw, cose.flaw) << jws.detail << " / " << cose.detail;
    return jws;
  }
  static NotaryPlan Stamped(TokenPlan plan = {}) {
    NotaryPlan out;
    out.timestamp = authority_->Stamps(std::move(plan));
    return out;
  }
  static inline NotaryAuthority* authority_ = nullptr;
};

constexpr auto kGood = std::nullopt;

TEST_F(NotaryVerifyTest, AGoodSignatureProvesItsSigner) {
  const Outcome got = In({}, TrustIn(*authority_));
  ASSERT_TRUE(got.proof) << got.detail;
  EXPECT_EQ("C=US, ST=WA, O=Acme, CN=release", got.proof->signer);
  EXPECT_EQ("acme", got.proof->store);
  EXPECT_FALSE(got.proof->existed);
  EXPECT_EQ(At("2027-01-01T00:00:00Z"), got.proof->good_until);
}

TEST_F(NotaryVerifyTest, AnyCertificateOfTheChainMayBeTheTrustedOne) {
  Trust trust = TrustIn(*authority_);
  trust.store = Store("ca", StoreKind::kCa, {authority_->ca().der});
  EXPECT_EQ(kGood, In({}, trust).flaw);
  // A chain without its root stays none, though its authority is trusted.
  NotaryPlan plan;
  plan.chain = {authority_->leaf().der, authority_->ca().der};
  EXPECT_EQ(Flaw::kCertificateInvalid, In(plan, trust).flaw);
}

TEST_F(NotaryVerifyTest, ASelfMadeChainOfTheSameNamesIsNotTheirs) {
  const NotaryAuthority same_names;
  EXPECT_EQ(Flaw::kCertificateInvalid, In({}, TrustIn(same_names)).flaw);
  // The root signed again with the same key: other bytes are another certificate.
  Trust trust = TrustIn(*authority_);
  const Bytes again = fakes::Mint(fakes::NotaryRootPlan("root"), *authority_->root().key, std::nullopt).der;
  trust.store = Store("again", StoreKind::kCa, {again});
  EXPECT_EQ(Flaw::kCertificateInvalid, In({}, trust).flaw);
}

TEST_F(NotaryVerifyTest, ATrustedSignerIsNotAnySigner) {
  Trust trust = TrustIn(*authority_);
  trust.identities = {*Identity::ParseSubject("C=US, ST=WA, O=Acme, CN=other")};
  EXPECT_EQ(Flaw::kIdentity, In({}, trust).flaw);
  trust.identities.push_back(*Identity::ParseSubject(NotaryAuthority::kSubject));
  EXPECT_EQ(kGood, In({}, trust).flaw);
  trust.identities = {Identity::UnsafeAnybody()};
  EXPECT_EQ(kGood, In({}, trust).flaw);
  trust.identities.clear();
  EXPECT_EQ(Flaw::kIdentity, In({}, trust).flaw);
}

TEST_F(NotaryVerifyTest, ASchemeIsAnsweredForByItsOwnKindOfStore) {
  Trust by_authority = TrustIn(*authority_);
  by_authority.store = Store("sa", StoreKind::kSigningAuthority, {authority_->root().der});
  const NotaryPlan own_word{.scheme = "notary.x509.signingAuthority"};
  EXPECT_EQ(Flaw::kCertificateInvalid, In({}, by_authority).flaw);
  EXPECT_EQ(Flaw::kCertificateInvalid, In(own_word, TrustIn(*authority_)).flaw);
  const Outcome got = In(own_word, by_authority);
  ASSERT_TRUE(got.proof) << got.detail;
  EXPECT_EQ(NotaryAuthority::Now(), got.proof->authentic_time);
  EXPECT_FALSE(got.proof->good_until);
}

TEST_F(NotaryVerifyTest, ASigningAuthoritysWordAboutTime) {
  Trust trust = TrustIn(*authority_);
  trust.store = Store("sa", StoreKind::kSigningAuthority, {authority_->root().der});
  const auto at = [&](const char* signed_at, const char* now) {
    return In({.scheme = "notary.x509.signingAuthority", .signing_time = signed_at}, trust, now).flaw;
  };
  EXPECT_EQ(kGood, at("2026-06-01T12:00:00Z", "2040-01-01T00:00:00Z"));  // whatever has ended
  EXPECT_EQ(Flaw::kTimeOutside, at("2025-06-01T12:00:00Z", "2026-06-01T12:00:00Z"));
  EXPECT_EQ(Flaw::kTimeOutside, at("2027-06-01T12:00:00Z", "2028-06-01T12:00:00Z"));
  EXPECT_EQ(Flaw::kTimeOutside, at("2026-06-01T12:05:01Z", "2026-06-01T12:00:00Z"));
  EXPECT_EQ(kGood, at("2026-06-01T12:05:00Z", "2026-06-01T12:00:00Z"));
}

TEST_F(NotaryVerifyTest, WithoutTimestampsTheChainIsValidNow) {
  const Trust trust = TrustIn(*authority_);
  EXPECT_EQ(kGood, In({}, trust, "2027-01-01T00:00:00Z").flaw);
  EXPECT_EQ(Flaw::kCertificateExpired, In({}, trust, "2027-01-01T00:00:01Z").flaw);
  EXPECT_EQ(Flaw::kCertificateExpired, In({}, trust, "2025-12-31T23:59:59Z").flaw);
  // A timestamp that nobody asks for is not looked at, and saves nothing.
  NotaryPlan junk;
  junk.timestamp = [](const Bytes&) { return Bytes{1, 2, 3}; };
  EXPECT_EQ(kGood, In(junk, trust).flaw);
  EXPECT_EQ(Flaw::kCertificateExpired, In(Stamped(), trust, "2028-01-01T00:00:00Z").flaw);
}

TEST_F(NotaryVerifyTest, TheSignersOwnTimeDecidesNothing) {
  const Trust trust = TrustIn(*authority_);
  for (const char* time : {"2000-01-01T00:00:00Z", "2036-01-01T00:00:00Z"}) {
    EXPECT_EQ(kGood, In({.signing_time = time}, trust).flaw) << time;
    NotaryPlan stamped = Stamped();
    stamped.signing_time = time;
    EXPECT_EQ(kGood, In(stamped, TrustIn(*authority_, true)).flaw) << time;
    EXPECT_EQ(Flaw::kCertificateExpired, In({.signing_time = time}, trust, "2028-01-01T00:00:00Z").flaw) << time;
  }
}

TEST_F(NotaryVerifyTest, ATimestampKeepsASignatureGoodForEver) {
  const Trust trust = TrustIn(*authority_, true);
  const Outcome got = In(Stamped(), trust, "2040-01-01T00:00:00Z");
  ASSERT_TRUE(got.proof) << got.detail;
  ASSERT_TRUE(got.proof->existed);
  EXPECT_EQ(NotaryAuthority::Now() - std::chrono::seconds(1), got.proof->existed->first);
  EXPECT_EQ(NotaryAuthority::Now() + std::chrono::seconds(1), got.proof->existed->last);
  EXPECT_FALSE(got.proof->good_until);
}

TEST_F(NotaryVerifyTest, DemandedTimestampsAreThereAndHold) {
  const Trust trust = TrustIn(*authority_, true);
  EXPECT_EQ(Flaw::kTimeMissing, In({}, trust).flaw);
  NotaryPlan plan;
  for (const auto& make : {std::function<Bytes(const Bytes&)>([](const Bytes&) {
                             return Bytes{1, 2, 3};
                           }),
                           authority_->Stamps({.broken = true}), authority_->Stamps({.ess_hash = "SHA1-v1"})}) {
    plan.timestamp = make;
    EXPECT_EQ(Flaw::kTimestampInvalid, In(plan, trust).flaw);
  }
  // Over the text of the signature, over its CBOR item, over the payload.
  plan.timestamp = [](const Bytes& signature) {
    const std::string text = fakes::Base64Url(signature);
    return authority_->Token(Bytes(text.begin(), text.end()));
  };
  EXPECT_EQ(Flaw::kTimestampInvalid, In(plan, trust).flaw);
  plan.timestamp = [](const Bytes& signature) { return authority_->Token(fakes::CborBytes(signature)); };
  EXPECT_EQ(Flaw::kTimestampInvalid, In(plan, trust).flaw);
  plan.timestamp = [](const Bytes&) {
    const std::string payload = NotaryAuthority::Payload(NotaryAuthority::kDigest);
    return authority_->Token(Bytes(payload.begin(), payload.end()));
  };
  EXPECT_EQ(Flaw::kTimestampInvalid, In(plan, trust).flaw);
}

TEST_F(NotaryVerifyTest, AfterExpiryATimestampIsAskedForWhenItIsNeeded) {
  Trust trust = TrustIn(*authority_, true);
  trust.verify = Trust::Timestamps::kAfterExpiry;
  const Outcome now = In({}, trust);
  ASSERT_TRUE(now.proof) << now.detail;
  EXPECT_EQ(At("2027-01-01T00:00:00Z"), now.proof->good_until);
  EXPECT_EQ(Flaw::kTimeMissing, In({}, trust, "2027-01-01T00:00:01Z").flaw);
  EXPECT_EQ(kGood, In(Stamped(), trust, "2027-01-01T00:00:01Z").flaw);
}

TEST_F(NotaryVerifyTest, TheWholeIntervalLiesInEveryCertificatesValidity) {
  const NotaryAuthority short_lived({.leaf =
                                         [](CertificatePlan& plan) {
                                           plan.from = At("2026-06-01T11:00:00Z");
                                           plan.to = At("2026-06-01T13:00:00Z");
                                         },
                                     .tsa_ca = {}});
  const auto at = [&](const char* time, Bytes accuracy) {
    TokenPlan token{.time = At(time), .accuracy = std::move(accuracy)};
    const NotaryPlan plan{.timestamp = short_lived.Stamps(token)};
    return OutcomeOf(kJwsType, short_lived.Jws(plan), TrustIn(short_lived, true), At("2026-12-01T00:00:00Z")).flaw;
  };
  const Bytes second = fakes::Der(0x30, {fakes::DerNumber(1)});
  EXPECT_EQ(kGood, at("2026-06-01T13:00:00Z", {}));
  EXPECT_EQ(kGood, at("2026-06-01T11:00:00Z", {}));
  EXPECT_EQ(kGood, at("2026-06-01T12:59:59Z", second));
  EXPECT_EQ(Flaw::kTimeOutside, at("2026-06-01T13:00:00Z", second));
  EXPECT_EQ(Flaw::kTimeOutside, at("2026-06-01T11:00:00Z", second));
  EXPECT_EQ(Flaw::kTimeOutside, at("2026-06-01T13:00:01Z", {}));
  // Notation lets a negative accuracy turn the interval round, so that a time after the end fits.
  EXPECT_EQ(Flaw::kTimestampInvalid, at("2026-06-01T13:00:01Z", fakes::Der(0x30, {fakes::DerNumber(-10)})));
}

// CVE-2024-23332: what has expired is not rolled back to. There is no level that lets it through.
TEST_F(NotaryVerifyTest, WhatHasExpiredIsNoGoodEvenWithATimestamp) {
  NotaryPlan plan = Stamped();
  plan.expiry = "2026-07-01T00:00:00Z";
  const Trust trust = TrustIn(*authority_, true);
  const Outcome got = In(plan, trust, "2026-06-30T23:59:59Z");
  ASSERT_TRUE(got.proof) << got.detail;
  EXPECT_EQ(At("2026-07-01T00:00:00Z"), got.proof->good_until);
  EXPECT_EQ(Flaw::kExpired, In(plan, trust, "2026-07-01T00:00:00Z").flaw);
  EXPECT_EQ(Flaw::kExpired, In(plan, trust, "2030-01-01T00:00:00Z").flaw);
}

TEST_F(NotaryVerifyTest, ASignersCertificateThatIsItsOwnRoot) {
  const fakes::TestAuthority key;
  const Bytes alone = fakes::Mint(fakes::NotaryLeafPlan(), key, std::nullopt).der;
  NotaryPlan plan{.signs_with = &key};
  plan.chain = {alone};
  Trust trust = TrustIn(*authority_);
  EXPECT_EQ(Flaw::kCertificateInvalid, In(plan, trust).flaw);
  trust.store = Store("alone", StoreKind::kCa, {alone});
  EXPECT_EQ(kGood, In(plan, trust).flaw);
}

TEST_F(NotaryVerifyTest, TrustThatCanNeverHoldIsRefused) {
  EXPECT_TRUE(CheckTrust(TrustIn(*authority_, true)).ok());
  Trust trust = TrustIn(*authority_);
  trust.store = nullptr;
  EXPECT_FALSE(CheckTrust(trust).ok());
  trust.store = Store("tsa", StoreKind::kTsa, {authority_->tsa_root().der});
  EXPECT_FALSE(CheckTrust(trust).ok());
  trust = TrustIn(*authority_, true);
  trust.timestamps = trust.store;
  EXPECT_FALSE(CheckTrust(trust).ok());
  trust = TrustIn(*authority_, true);
  trust.store = Store("sa", StoreKind::kSigningAuthority, {authority_->root().der});
  EXPECT_FALSE(CheckTrust(trust).ok());
  trust = TrustIn(*authority_);
  trust.identities.push_back(*Identity::ParseSubject("C=US, ST=WA, O=Acme"));
  EXPECT_FALSE(CheckTrust(trust).ok());
  trust.identities.clear();
  EXPECT_FALSE(CheckTrust(trust).ok());
}

}  // namespace
}  // namespace pullseal::notary
