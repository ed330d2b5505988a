// SPDX-License-Identifier: Apache-2.0
// What is revoked does not count: by the store's own list and by its issuers' lists.
#include "verify/notary/revocation.h"

#include <gtest/gtest.h>

#include "core/crypto/sha256.h"
#include "fakes/mint.h"
#include "verify/notary/notary_fixture.h"

namespace pullseal::notary {
namespace {

using fakes::ListPlan;
using fakes::NotaryAuthority;
using fakes::NotaryPlan;

const std::optional<Flaw> kGood;

const NotaryAuthority& Acme() {
  static const NotaryAuthority authority;
  return authority;
}

std::string KeyOf(const Bytes& der) { return crypto::Sha256Hex(ReadCertificate(der).KeyInfo()); }

std::shared_ptr<const TrustStore> Revoking(const char* name, StoreKind kind, const Bytes& root,
                                           std::vector<Revoked> all) {
  return std::make_shared<const TrustStore>(*TrustStore::Make(name, kind, {ReadCertificate(root)}, std::move(all)));
}

class NotaryRevocationTest : public ::testing::Test {
 protected:
  NotaryRevocationTest() : trust_(TrustIn(Acme(), true)) {}
  std::optional<Flaw> FlawNow() const {
    static const Bytes envelope = Acme().Jws({.timestamp = Acme().Stamps()});
    return OutcomeOf(kJwsType, envelope, trust_, NotaryAuthority::Now()).flaw;
  }
  void Revoke(Revoked entry) { trust_.store = Revoking("acme", StoreKind::kCa, Acme().root().der, {std::move(entry)}); }
  void RevokeStamper(Revoked entry) {
    trust_.timestamps = Revoking("tsa", StoreKind::kTsa, Acme().tsa_root().der, {std::move(entry)});
  }
  void List(const Bytes& revoked, const fakes::Minted& by, WallTime from = NotaryAuthority::Now()) {
    const Bytes der = fakes::MintList({.from = from, .to = {}, .revoked = {revoked}}, by);
    trust_.lists = std::make_shared<const std::vector<crypto::RevocationList>>(
        std::vector<crypto::RevocationList>{*crypto::RevocationList::Parse(der)});
  }
  Trust trust_;
};

TEST_F(NotaryRevocationTest, NothingIsRevokedByItself) { EXPECT_EQ(kGood, FlawNow()); }

TEST_F(NotaryRevocationTest, TheStoresOwnListNamesKeysAndSerialNumbers) {
  for (const Bytes& der : Acme().Chain()) {
    Revoke({.spki_sha256 = KeyOf(der), .at = {}, .reason = "stolen"});
    EXPECT_EQ(Flaw::kRevoked, FlawNow());
  }
  Revoke({.spki_sha256 = KeyOf(Acme().tsa().der), .at = {}, .reason = "another's"});
  EXPECT_EQ(kGood, FlawNow());
  const std::string issuer = *SignerName(ReadCertificate(Acme().ca().der));
  const std::string serial = SerialText(ReadCertificate(Acme().leaf().der));
  Revoke({.issuer = issuer, .serial = serial, .at = {}, .reason = "stolen"});
  EXPECT_EQ(Flaw::kRevoked, FlawNow());
  Revoke({.issuer = issuer, .serial = serial + "00", .at = {}, .reason = "another's"});
  EXPECT_EQ(kGood, FlawNow());
  Revoke({.issuer = issuer + "x", .serial = serial, .at = {}, .reason = "another's"});
  EXPECT_EQ(kGood, FlawNow());
}

// Only a timestamp proves that it existed before; what a thief writes into it does not.
TEST_F(NotaryRevocationTest, WhatProvablyExistedBeforeStaysGood) {
  const auto at = [&](std::optional<WallTime> time) {
    Revoke({.spki_sha256 = KeyOf(Acme().leaf().der), .at = time, .reason = "stolen"});
    return FlawNow();
  };
  const WallTime made = NotaryAuthority::Now();
  EXPECT_EQ(kGood, at(made + std::chrono::seconds(2)));
  EXPECT_EQ(Flaw::kRevoked, at(made + std::chrono::seconds(1))) << "its accuracy is a second";
  EXPECT_EQ(Flaw::kRevoked, at(made));
  EXPECT_EQ(Flaw::kRevoked, at(std::nullopt));
  trust_.timestamps = nullptr;
  EXPECT_EQ(Flaw::kRevoked, at(made + std::chrono::hours(1)));
}

TEST_F(NotaryRevocationTest, ARevokedTimestampAuthorityProvesNothing) {
  RevokeStamper({.spki_sha256 = KeyOf(Acme().tsa().der), .at = {}, .reason = "stolen"});
  EXPECT_EQ(Flaw::kRevoked, FlawNow());
  RevokeStamper({.spki_sha256 = KeyOf(Acme().tsa_ca().der),
                 .at = NotaryAuthority::Now() + std::chrono::hours(1),
                 .reason = "its own word excuses nothing"});
  EXPECT_EQ(Flaw::kRevoked, FlawNow());
}

TEST_F(NotaryRevocationTest, AnIssuersListRevokesWhatItIssued) {
  List(Acme().leaf().der, Acme().ca());
  EXPECT_EQ(Flaw::kRevoked, FlawNow());
  List(Acme().ca().der, Acme().root());
  EXPECT_EQ(Flaw::kRevoked, FlawNow());
  List(Acme().tsa().der, Acme().tsa_ca());
  EXPECT_EQ(Flaw::kRevoked, FlawNow());
  List(Acme().leaf().der, Acme().root());
  EXPECT_EQ(kGood, FlawNow()) << "of another issuer";
  const NotaryAuthority namesake;
  List(Acme().leaf().der, namesake.ca());
  EXPECT_EQ(kGood, FlawNow()) << "of its issuer's name, by another key";
  List(Acme().leaf().der, Acme().ca(), NotaryAuthority::Now() + std::chrono::minutes(6));
  EXPECT_EQ(kGood, FlawNow()) << "from the future";
}

// CA's whose certificate says that they sign no lists sign none.
TEST_F(NotaryRevocationTest, OnlyWhoMaySignListsDoes) {
  const NotaryAuthority other(
      {.ca = [](fakes::CertificatePlan& plan) { plan.key_usage = "critical,digitalSignature,keyCertSign"; }});
  trust_ = TrustIn(other);
  List(other.leaf().der, other.ca());
  EXPECT_EQ(kGood, OutcomeOf(kJwsType, other.Jws(), trust_, NotaryAuthority::Now()).flaw);
}

TEST(RevokedTest, AnEntryNamesSomebodyAndSaysWhy) {
  const auto made = [](Revoked entry) {
    return TrustStore::Make("acme", StoreKind::kCa, {ReadCertificate(Acme().root().der)}, {std::move(entry)}).ok();
  };
  const std::string key(64, 'a');
  EXPECT_TRUE(made({.spki_sha256 = key, .at = {}, .reason = "r"}));
  EXPECT_TRUE(made({.issuer = "CN=a", .serial = "0a", .at = {}, .reason = "r"}));
  EXPECT_FALSE(made({.spki_sha256 = key, .at = {}, .reason = ""}));
  EXPECT_FALSE(made({.at = {}, .reason = "r"}));
  EXPECT_FALSE(made({.spki_sha256 = std::string(64, 'A'), .at = {}, .reason = "r"}));
  EXPECT_FALSE(made({.spki_sha256 = "aa", .at = {}, .reason = "r"}));
  EXPECT_FALSE(made({.issuer = "CN=a", .at = {}, .reason = "r"}));
  EXPECT_FALSE(made({.spki_sha256 = key, .issuer = "CN=a", .serial = "0a", .at = {}, .reason = "r"}));
  EXPECT_FALSE(TrustStore::Make("acme", StoreKind::kCa, {ReadCertificate(Acme().root().der)},
                                std::vector<Revoked>(1025, {.spki_sha256 = key, .at = {}, .reason = "r"}))
                   .ok());
}

}  // namespace
}  // namespace pullseal::notary
