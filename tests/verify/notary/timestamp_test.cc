// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/crypto/limits.h"
#include "core/crypto/timestamp_token.h"
#include "verify/notary/countersignature.h"
#include "verify/notary/limits.h"
#include "verify/notary/notary_fixture.h"

namespace pullseal::notary {
namespace {

using fakes::CertificatePlan;
using fakes::Der;
using fakes::DerNumber;
using fakes::NotaryAuthority;
using fakes::NotarySetup;
using fakes::TokenPlan;

const Bytes kOver = {1, 2, 3};

Result<VerifiedTimestamp> Check(const Bytes& token, const Bytes& root) {
  return VerifyTimestamp(token, kOver, *Store("tsa", StoreKind::kTsa, {root}), NotaryAuthority::Now());
}

class TimestampTokenTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { authority_ = new NotaryAuthority(); }
  static void TearDownTestSuite() { delete authority_; }
  static bool Good(TokenPlan plan) {
    const auto checked = Check(authority_->Token(kOver, std::move(plan)), authority_->tsa_root().der);
    if (!checked) why_ = checked.error().message;
    return checked.ok();
  }
  static inline NotaryAuthority* authority_ = nullptr;
  static inline std::string why_;
};

TEST_F(TimestampTokenTest, GoodTokens) {
  EXPECT_TRUE(Good({})) << why_;
  EXPECT_TRUE(Good({.imprint_hash = "SHA384"})) << why_;
  EXPECT_TRUE(Good({.imprint_hash = "SHA512"})) << why_;
  EXPECT_TRUE(Good({.digest = "SHA384"})) << why_;
  EXPECT_TRUE(Good({.ess_hash = "SHA512"})) << why_;
  EXPECT_TRUE(Good({.more_info = DerNumber(5)})) << why_;         // a nonce
  EXPECT_TRUE(Good({.more_info = Der(0x01, {{0xff}})})) << why_;  // ordering
  EXPECT_TRUE(Good({.signing_time = "260601120000Z"})) << why_;
  EXPECT_TRUE(Good({.before = {authority_->leaf().der, {0x30, 0x00}}})) << why_;  // junk first
  fakes::TokenPlan with_root;
  with_root.before = {authority_->tsa_root().der};
  EXPECT_TRUE(Good(with_root)) << why_;
}

// What OpenSSL's verification of tokens accepts, each alone.
TEST_F(TimestampTokenTest, WhatTheStandardsForbid) {
  EXPECT_FALSE(Good({.data_version = 1}));
  EXPECT_FALSE(Good({.signer_version = 3}));
  EXPECT_FALSE(Good({.info_version = 2}));
  EXPECT_FALSE(Good({.content_type_said = "1.2.840.113549.1.7.1"}));
  EXPECT_FALSE(Good({.content_type_said = ""}));
  EXPECT_FALSE(Good({.content_type = "1.2.840.113549.1.7.1"}));
  EXPECT_FALSE(Good({.ess_hash = "SHA1-v1"}));
  EXPECT_FALSE(Good({.ess_hash = "SHA1"}));
  EXPECT_FALSE(Good({.ess_hash = ""}));
  EXPECT_FALSE(Good({.ess_of_another = true}));
  EXPECT_FALSE(Good({.imprint_hash = "SHA1"}));
  EXPECT_FALSE(Good({.digest = "SHA1"}));
  EXPECT_FALSE(Good({.behind = {0}}));
  EXPECT_FALSE(Good({.behind_info = {5, 0}}));
  EXPECT_FALSE(Good({.indefinite = true}));
  EXPECT_FALSE(Good({.signers = 2}));
  EXPECT_FALSE(Good({.signers = 0}));
  EXPECT_FALSE(Good({.broken = true}));
  EXPECT_FALSE(Good({.with_signer = false}));
  EXPECT_FALSE(Good({.with_intermediate = false}));
  EXPECT_FALSE(Good({.before = std::vector<Bytes>(limits::kCertificates, authority_->leaf().der)}));
}

TEST_F(TimestampTokenTest, AResponseIsNoToken) {
  const fakes::StampPlan plan{.time = NotaryAuthority::Now(), .with_certificate = true};
  const Bytes response = fakes::Stamp(plan, authority_->tsa(), kOver);
  EXPECT_FALSE(Check(response, authority_->tsa_root().der).ok());
}

// What OpenSSL makes is read by our own reader, but that its ESS attribute must be of SHA-2.
TEST_F(TimestampTokenTest, OpenSslsTokensAreRead) {
  const fakes::StampPlan plan{
      .time = NotaryAuthority::Now(), .with_certificate = true, .more_certificates = {authority_->tsa_ca().der}};
  const Bytes response = fakes::Stamp(plan, authority_->tsa(), kOver);
  // TimeStampResp is a sequence of the status and the token.
  const std::size_t header = response[1] == 0x82 ? 4 : 3;
  const std::size_t status = 2 + std::size_t{response[header + 1]};
  const Bytes token(response.begin() + static_cast<std::ptrdiff_t>(header + status), response.end());
  const auto checked = Check(token, authority_->tsa_root().der);
  ASSERT_TRUE(checked.ok()) << checked.error().message;
  EXPECT_EQ(NotaryAuthority::Now(), checked->first);
}

TEST_F(TimestampTokenTest, ImprintIsOfTheSignature) {
  EXPECT_FALSE(Check(authority_->Token({1, 2}), authority_->tsa_root().der).ok());
}

TEST_F(TimestampTokenTest, AccuracyIsAnIntervalThatIsNeverNegative) {
  const auto interval = [](Bytes accuracy, const std::string& policy = "1.3.6.1.4.1.57264.2") {
    TokenPlan plan;
    plan.accuracy = std::move(accuracy);
    plan.policy = policy;
    const auto token = crypto::TimestampToken::Parse(authority_->Token(kOver, plan));
    return token ? token->accuracy().count() : -1;
  };
  EXPECT_EQ(0, interval({}));
  EXPECT_EQ(0, interval(Der(0x30, {})));
  EXPECT_EQ(1'000'000, interval({}, "0.4.0.2023.1.1"));
  EXPECT_EQ(2'000'000, interval(Der(0x30, {DerNumber(2)}), "0.4.0.2023.1.1"));
  EXPECT_EQ(2'003'004, interval(Der(0x30, {DerNumber(2), Der(0x80, {{3}}), Der(0x81, {{4}})})));
  EXPECT_EQ(-1, interval(Der(0x30, {DerNumber(-1)})));
  EXPECT_EQ(-1, interval(Der(0x30, {Der(0x80, {{0xff}})})));
  EXPECT_EQ(-1, interval(Der(0x30, {Der(0x80, {{0}})})));
  EXPECT_EQ(-1, interval(Der(0x30, {Der(0x80, {{0x03, 0xe8}})})));
  EXPECT_EQ(-1, interval(Der(0x30, {DerNumber(40'000'000)})));
  EXPECT_EQ(-1, interval(Der(0x30, {DerNumber(INT64_MAX)})));
  EXPECT_EQ(-1, interval(Der(0x30, {DerNumber(1), DerNumber(1)})));
}

TEST_F(TimestampTokenTest, CriticalExtensionsAreRefused) {
  const auto extension = [](bool critical) {
    return Der(0xa1,
               {Der(0x30, {fakes::DerOid("1.2.3"), critical ? Der(0x01, {{0xff}}) : Bytes(), Der(0x04, {{5, 0}})})});
  };
  EXPECT_TRUE(Good({.more_info = extension(false)})) << why_;
  EXPECT_FALSE(Good({.more_info = extension(true)}));
}

TEST_F(TimestampTokenTest, TimesThatAreLookedAt) {
  EXPECT_FALSE(Good({.time = At("2025-12-31T23:59:59Z")}));  // before the authority's certificate
  EXPECT_FALSE(Good({.time = At("2026-06-01T12:05:01Z")}));  // the future
  EXPECT_TRUE(Good({.time = At("2026-06-01T12:05:00Z")})) << why_;
  EXPECT_FALSE(Good({.signing_time = "250601120000Z"}));
  EXPECT_FALSE(Good({.signing_time = "junk"}));
  // An authority that has ended meanwhile was good then.
  const auto later =
      VerifyTimestamp(authority_->Token(kOver), kOver, *Store("tsa", StoreKind::kTsa, {authority_->tsa_root().der}),
                      At("2040-01-01T00:00:00Z"));
  EXPECT_TRUE(later.ok());
}

bool GoodBy(const NotarySetup& setup) {
  const NotaryAuthority authority(setup);
  return Check(authority.Token(kOver), authority.tsa_root().der).ok();
}

NotarySetup::Change Usage(const std::string& usage) {
  return [usage](CertificatePlan& plan) { plan.key_usage = usage; };
}
NotarySetup::Change Extended(const std::string& usages) {
  return [usages](CertificatePlan& plan) { plan.extended_key_usage = usages; };
}

TEST(TimestampAuthorityTest, ProfileOfTheSigner) {
  EXPECT_TRUE(GoodBy({}));
  EXPECT_TRUE(GoodBy({.tsa = Usage("critical,digitalSignature,nonRepudiation")}));
  EXPECT_FALSE(GoodBy({.tsa = Usage("")}));
  EXPECT_FALSE(GoodBy({.tsa = Usage("critical,nonRepudiation")}));
  EXPECT_FALSE(GoodBy({.tsa = Usage("critical,digitalSignature,keyEncipherment")}));
  for (const char* usages : {"", "timeStamping", "critical,timeStamping,codeSigning", "critical,codeSigning",
                             "critical,timeStamping,1.2.3.4", "critical,anyExtendedKeyUsage"}) {
    EXPECT_FALSE(GoodBy({.tsa = Extended(usages)})) << usages;
  }
  EXPECT_FALSE(GoodBy({.tsa = [](CertificatePlan& plan) { plan.basic_constraints = "critical,CA:TRUE"; }}));
  EXPECT_FALSE(GoodBy({.tsa = [](CertificatePlan& plan) { plan.hash = "SHA1"; }}));
  EXPECT_FALSE(GoodBy({.tsa = [](CertificatePlan& plan) { plan.extensions.push_back({"1.2.3.4", {5, 0}, true}); }}));
}

TEST(TimestampAuthorityTest, ProfileOfThoseAbove) {
  EXPECT_TRUE(GoodBy({.tsa_ca = Extended("timeStamping")}));
  EXPECT_TRUE(GoodBy({.tsa_ca = Usage("digitalSignature,keyCertSign,cRLSign")}));
  EXPECT_FALSE(GoodBy({.tsa_ca = Extended("codeSigning")}));
  EXPECT_FALSE(GoodBy({.tsa_ca = Usage("critical,digitalSignature")}));
  EXPECT_FALSE(GoodBy({.tsa_ca = Usage("")}));
  EXPECT_FALSE(GoodBy({.tsa_ca = [](CertificatePlan& plan) { plan.is_authority = false; }}));
  EXPECT_FALSE(GoodBy({.tsa_ca = [](CertificatePlan& plan) { plan.basic_constraints = "CA:TRUE"; }}));
  EXPECT_FALSE(GoodBy({.tsa_ca = [](CertificatePlan& plan) { plan.to = At("2026-05-01T00:00:00Z"); }}));
  EXPECT_FALSE(GoodBy({.tsa_root = [](CertificatePlan& plan) { plan.path_length = 0; }}));
  EXPECT_FALSE(GoodBy({.tsa_root = [](CertificatePlan& plan) { plan.to = At("2026-05-01T00:00:00Z"); }}));
}

TEST(TimestampAuthorityTest, OnlyThoseOfTheStoreAreTrusted) {
  const NotaryAuthority authority;
  const NotaryAuthority other;
  EXPECT_FALSE(Check(authority.Token(kOver), other.tsa_root().der).ok());
  EXPECT_FALSE(Check(authority.Token(kOver), authority.root().der).ok());
  EXPECT_TRUE(Check(authority.Token(kOver), authority.tsa_ca().der).ok());
  TokenPlan own_root;
  own_root.before = {authority.tsa_root().der};
  EXPECT_FALSE(Check(authority.Token(kOver, own_root), other.tsa_root().der).ok());
}

// Certificates of one name, each a possible issuer of the next: the ways are counted, not walked.
TEST(TimestampAuthorityTest, ManyWaysToTheRootCostLittle) {
  const NotaryAuthority authority;
  TokenPlan plan;
  plan.with_intermediate = false;
  std::vector<std::unique_ptr<fakes::TestAuthority>> keys;
  for (int i = 0; i < 9; ++i) {
    keys.push_back(std::make_unique<fakes::TestAuthority>());
    plan.before.push_back(fakes::Mint(fakes::NotaryCaPlan("tsa ca"), *keys.back(), std::nullopt).der);
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(Check(authority.Token(kOver, plan), authority.tsa_root().der).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace pullseal::notary
