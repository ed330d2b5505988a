// SPDX-License-Identifier: Apache-2.0
// Who may sign exists only if it is safe to ask for.
#include "verify/requirement/requirement.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "fakes/notary_authority.h"
#include "fakes/sigstore_authority.h"
#include "fakes/test_authority.h"
#include "verify/notary/trust.h"
#include "verify/predicate/limits.h"
#include "verify/sigstore/trusted_material.h"

namespace pullseal::requirement {
namespace {

static_assert(!std::is_default_constructible_v<Key>);
static_assert(!std::is_default_constructible_v<Keyless>);
static_assert(!std::is_default_constructible_v<Authority>);
static_assert(!std::is_default_constructible_v<SubjectPattern>);

std::shared_ptr<const sigstore::TrustedMaterial> Trusted() {
  static const auto trusted = std::make_shared<const sigstore::TrustedMaterial>(
      *sigstore::TrustedMaterial::Make(*sigstore::TrustedRoot::Parse(fakes::SigstoreAuthority().TrustedRoot())));
  return trusted;
}

crypto::PublicKey NewKey() { return *crypto::PublicKey::ParsePem(fakes::TestAuthority().PublicPem()); }

Authority Named(const std::string& name, const crypto::PublicKey& key = NewKey()) { return *Key::Make(name, key); }

Authority Somebody(const std::string& subject, sigstore::Demands demands = {}) {
  return *Keyless::Make({"public", Trusted()}, {.issuer = "i", .subject = subject}, demands);
}

TEST(KeyTest, HasANameAndAUseThatCanBeGood) {
  const WallTime then = *ParseTime("2026-01-01T00:00:00Z");
  EXPECT_FALSE(Key::Make("", NewKey()).ok());
  EXPECT_FALSE(Key::Make("k", NewKey(), {.not_before = then, .not_after = then}).ok());
  EXPECT_TRUE(Key::Make("k", NewKey(), {.not_before = then, .not_after = then + std::chrono::seconds(1)}).ok());
}

TEST(KeyTest, IsTheSameUnderAnyName) {
  const crypto::PublicKey key = NewKey();
  EXPECT_EQ(IdOf(Named("a", key)), IdOf(Named("b", key)));
  EXPECT_NE(IdOf(Named("a")), IdOf(Named("a")));
}

TEST(KeylessTest, NamesIssuerAndSubjectOrSaysUnsafe) {
  const TrustRoot root{"public", Trusted()};
  const Identity bad[] = {
      {},
      {.issuer = "i"},
      {.subject = "s"},
      {.subject_pattern = *SubjectPattern::Parse("s.*")},
  };
  for (const Identity& one : bad) {
    EXPECT_FALSE(Keyless::Make(root, one).ok()) << one.issuer << one.subject;
    EXPECT_TRUE(Keyless::MakeUnsafe(root, one).ok()) << one.issuer << one.subject;
  }
  EXPECT_TRUE(Keyless::Make(root, {.issuer = "i", .subject = "s"}).ok());
  EXPECT_TRUE(Keyless::Make(root, {.issuer = "i", .subject_pattern = *SubjectPattern::Parse("s.*")}).ok());
}

// Not even an unsafe one trusts everybody, or asks what no certificate can say.
TEST(KeylessTest, SomeThingsAreRefusedInAnyCase) {
  const TrustRoot root{"public", Trusted()};
  EXPECT_FALSE(Keyless::MakeUnsafe({}, {}).ok());
  EXPECT_FALSE(Keyless::MakeUnsafe({"public", nullptr}, {.issuer = "i", .subject = "s"}).ok());
  EXPECT_FALSE(
      Keyless::MakeUnsafe(root, {.issuer = "i", .subject = "s", .subject_pattern = *SubjectPattern::Parse("s")}).ok());
  EXPECT_FALSE(Keyless::MakeUnsafe(root, {.issuer = "i", .subject = "s", .extensions = {{"colour", "red"}}}).ok());
}

TEST(KeylessTest, WhateverIsAskedMakesTheAuthority) {
  const std::string one = IdOf(Somebody("s"));
  EXPECT_EQ(one, IdOf(Somebody("s")));
  EXPECT_NE(one, IdOf(Somebody("t")));
  EXPECT_NE(one, IdOf(Somebody("s", {.timestamps = 1})));
  const TrustRoot root{"public", Trusted()};
  EXPECT_NE(one, Keyless::Make({"other", Trusted()}, {.issuer = "i", .subject = "s"})->id());
  EXPECT_NE(one, Keyless::Make(root, {.issuer = "i", .subject_pattern = *SubjectPattern::Parse("s")})->id());
  EXPECT_NE(one,
            Keyless::Make(root, {.issuer = "i", .subject = "s", .extensions = {{"sourceRepositoryUri", "x"}}})->id());
  // Parts cannot be shifted into each other.
  EXPECT_NE(Keyless::Make(root, {.issuer = "ab", .subject = "c"})->id(),
            Keyless::Make(root, {.issuer = "a", .subject = "bc"})->id());
}

TEST(SignatureRequirementTest, ADefaultMadeOneHasNobodyAndAThreshold) {
  const SignatureRequirement nobody;
  EXPECT_TRUE(nobody.any_of().empty());
  EXPECT_EQ(1U, nobody.threshold());
}

TEST(SignatureRequirementTest, NeedsSomebodyAndAThresholdThatCanBeMet) {
  EXPECT_FALSE(SignatureRequirement::Make({}).ok());
  EXPECT_FALSE(SignatureRequirement::Make({}, {.threshold = 0}).ok());
  EXPECT_FALSE(SignatureRequirement::Make({Named("a")}, {.threshold = 0}).ok());
  EXPECT_FALSE(SignatureRequirement::Make({Named("a")}, {.threshold = 2}).ok());
  EXPECT_TRUE(SignatureRequirement::Make({Named("a"), Somebody("s")}, {.threshold = 2}).ok());
}

TEST(SignatureRequirementTest, AuthoritiesAreCountedByWhatTheyAre) {
  const crypto::PublicKey key = NewKey();
  EXPECT_FALSE(SignatureRequirement::Make({Named("a", key), Named("b", key)}).ok()) << "one key under two names";
  EXPECT_FALSE(SignatureRequirement::Make({Named("a"), Named("a")}).ok()) << "two keys of one name";
  EXPECT_TRUE(SignatureRequirement::Make({Somebody("s"), Somebody("s")}).ok()) << "said twice, meant once";
  EXPECT_FALSE(SignatureRequirement::Make({Somebody("s"), Somebody("s")}, {.threshold = 2}).ok());
  EXPECT_TRUE(SignatureRequirement::Make({Somebody("s"), Somebody("t")}, {.threshold = 2}).ok());
}

TEST(SubjectPatternTest, IsBounded) {
  EXPECT_TRUE(SubjectPattern::Parse(std::string(limits::kPatternBytes, 'a')).ok());
  EXPECT_EQ(ErrorCode::kLimit, SubjectPattern::Parse(std::string(limits::kPatternBytes + 1, 'a')).error().code);
  EXPECT_EQ(ErrorCode::kInvalid, SubjectPattern::Parse("(").error().code);
  const auto pattern = SubjectPattern::Parse("https://github\\.com/acme/.*");
  EXPECT_TRUE(pattern->Matches("https://github.com/acme/app"));
  EXPECT_FALSE(pattern->Matches("x https://github.com/acme/app"));
}

notary::Trust TrustIn(const std::string& store, const fakes::NotaryAuthority& authority, const char* name = "release") {
  notary::Trust out;
  out.store = std::make_shared<const notary::TrustStore>(
      *notary::TrustStore::Make(store, notary::StoreKind::kCa, {*crypto::Certificate::ParseDer(authority.root().der)}));
  out.identities = {*notary::Identity::ParseSubject(std::string("C=US, ST=WA, O=Acme, CN=") + name)};
  return out;
}

TEST(NotaryTest, AsksForSomebodyBelowAStore) {
  const fakes::NotaryAuthority authority;
  EXPECT_TRUE(Notary::Make(TrustIn("acme", authority)).ok());
  EXPECT_FALSE(Notary::Make({}).ok());
  notary::Trust nobody = TrustIn("acme", authority);
  nobody.identities.clear();
  EXPECT_FALSE(Notary::Make(nobody).ok());
  nobody = TrustIn("acme", authority);
  nobody.store = nullptr;
  EXPECT_FALSE(Notary::Make(nobody).ok());
}

TEST(NotaryTest, IsWhatItAsks) {
  const fakes::NotaryAuthority authority;
  const std::string one = Notary::Make(TrustIn("acme", authority))->id();
  EXPECT_EQ(one, Notary::Make(TrustIn("acme", authority))->id());
  EXPECT_NE(one, Notary::Make(TrustIn("other", authority))->id());
  EXPECT_NE(one, Notary::Make(TrustIn("acme", authority, "somebody"))->id());
  notary::Trust stamped = TrustIn("acme", authority);
  stamped.timestamps = std::make_shared<const notary::TrustStore>(*notary::TrustStore::Make(
      "tsa", notary::StoreKind::kTsa, {*crypto::Certificate::ParseDer(authority.tsa_root().der)}));
  const std::string always = Notary::Make(stamped)->id();
  EXPECT_NE(one, always);
  stamped.verify = notary::Trust::Timestamps::kAfterExpiry;
  EXPECT_NE(always, Notary::Make(stamped)->id());
}

// A demand that can never hold would refuse everything without saying so.
TEST(NotaryTest, NamesNoRepositoryThatCouldBeRequired) {
  const fakes::NotaryAuthority authority;
  const Authority notary = *Notary::Make(TrustIn("acme", authority));
  EXPECT_FALSE(SignatureRequirement::Make({notary}, {.repository = RepositoryBinding::kRequired}).ok());
  EXPECT_FALSE(SignatureRequirement::Make({Named("a"), notary}, {.repository = RepositoryBinding::kRequired}).ok());
  EXPECT_TRUE(SignatureRequirement::Make({notary}, {.repository = RepositoryBinding::kBound}).ok());
  EXPECT_TRUE(SignatureRequirement::Make({Named("a")}, {.repository = RepositoryBinding::kRequired}).ok());
}

static_assert(!std::is_default_constructible_v<Notary>);

}  // namespace
}  // namespace pullseal::requirement
