// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/signing_chain.h"

#include <gtest/gtest.h>

#include "core/crypto/limits.h"
#include "verify/notary/limits.h"
#include "verify/notary/notary_fixture.h"

namespace pullseal::notary {
namespace {

using fakes::CertificatePlan;
using fakes::NotaryAuthority;
using fakes::NotarySetup;

// Whether the chain is one by the rules: root, authority and signer, one of them changed.
bool IsChain(const NotarySetup& setup) {
  const NotaryAuthority authority(setup);
  std::vector<crypto::Certificate> chain;
  for (const Bytes& der : authority.Chain()) {
    auto one = crypto::Certificate::ParseDer(der);
    if (!one) return false;
    chain.push_back(std::move(*one));
  }
  return SigningChain::Make(std::move(chain)).ok();
}

bool WithLeaf(NotarySetup::Change change) { return IsChain({.leaf = std::move(change)}); }
bool WithCa(NotarySetup::Change change) { return IsChain({.ca = std::move(change)}); }
bool WithRoot(NotarySetup::Change change) { return IsChain({.root = std::move(change)}); }

NotarySetup::Change Usage(const std::string& usage) {
  return [usage](CertificatePlan& plan) { plan.key_usage = usage; };
}
NotarySetup::Change Extended(const std::string& usages) {
  return [usages](CertificatePlan& plan) { plan.extended_key_usage = usages; };
}
NotarySetup::Change Constraints(const std::string& text) {
  return [text](CertificatePlan& plan) { plan.basic_constraints = text; };
}

TEST(SigningChainTest, GoodChainsOfOneAndOfMany) {
  EXPECT_TRUE(IsChain({}));
  EXPECT_TRUE(WithLeaf(Usage("critical,digitalSignature,nonRepudiation")));
  EXPECT_TRUE(WithLeaf(Constraints("critical,CA:FALSE")));
  // Microsoft's signers have private usages alone; none is fine, too.
  EXPECT_TRUE(WithLeaf(Extended("1.3.6.1.4.1.311.76.59.1.2")));
  EXPECT_TRUE(WithLeaf(Extended("")));
  const fakes::TestAuthority key;
  const Bytes alone = fakes::Mint(fakes::NotaryLeafPlan(), key, std::nullopt).der;
  EXPECT_TRUE(SigningChain::Make({ReadCertificate(alone)}).ok());
}

TEST(SigningChainTest, SignersUsage) {
  EXPECT_FALSE(WithLeaf(Usage("")));
  EXPECT_FALSE(WithLeaf(Usage("digitalSignature")));
  EXPECT_FALSE(WithLeaf(Usage("critical,nonRepudiation")));
  for (const char* more : {"keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign",
                           "keyAgreement,encipherOnly", "keyAgreement,decipherOnly", "encipherOnly", "decipherOnly"}) {
    EXPECT_FALSE(WithLeaf(Usage(std::string("critical,digitalSignature,") + more))) << more;
  }
  for (const char* other : {"serverAuth", "clientAuth", "emailProtection", "timeStamping", "OCSPSigning",
                            "anyExtendedKeyUsage", "codeSigning,serverAuth"}) {
    EXPECT_FALSE(WithLeaf(Extended(other))) << other;
  }
  EXPECT_FALSE(WithLeaf(Constraints("critical,CA:TRUE")));
  EXPECT_FALSE(WithLeaf([](CertificatePlan& plan) { plan.hash = "SHA1"; }));
}

TEST(SigningChainTest, AuthoritiesProfile) {
  for (const auto& with : {WithCa, WithRoot}) {
    EXPECT_FALSE(with(Constraints("CA:TRUE")));
    EXPECT_FALSE(with(Constraints("critical,CA:FALSE")));
    EXPECT_FALSE(with([](CertificatePlan& plan) { plan.is_authority = false; }));
    EXPECT_FALSE(with(Usage("")));
    EXPECT_FALSE(with(Usage("keyCertSign")));
    EXPECT_FALSE(with(Usage("critical,digitalSignature,cRLSign")));
    EXPECT_FALSE(with([](CertificatePlan& plan) { plan.hash = "SHA1"; }));
    EXPECT_FALSE(with(Extended("serverAuth")));
    EXPECT_FALSE(with(Extended("timeStamping")));
    EXPECT_TRUE(with(Extended("codeSigning")));
    EXPECT_TRUE(with(Extended("anyExtendedKeyUsage")));
    EXPECT_FALSE(with([](CertificatePlan& plan) { plan.extensions.push_back({"1.2.3.4", {5, 0}, true}); }));
    EXPECT_TRUE(with([](CertificatePlan& plan) { plan.extensions.push_back({"1.2.3.4", {5, 0}, false}); }));
  }
  EXPECT_FALSE(WithRoot([](CertificatePlan& plan) { plan.path_length = 0; }));
  EXPECT_TRUE(WithRoot([](CertificatePlan& plan) { plan.path_length = 1; }));
  EXPECT_TRUE(WithCa([](CertificatePlan& plan) { plan.path_length = 0; }));
  for (const char* key : {"RSA-1024", "P-224", "ED25519"}) EXPECT_FALSE(IsChain({.ca_key = key})) << key;
}

TEST(SigningChainTest, OrderIsThatOfTheEnvelope) {
  const NotaryAuthority one;
  const NotaryAuthority other;
  const Bytes& leaf = one.leaf().der;
  const Bytes& ca = one.ca().der;
  const Bytes& root = one.root().der;
  const auto good = [](const std::vector<Bytes>& ders) {
    std::vector<crypto::Certificate> chain;
    for (const Bytes& der : ders) chain.push_back(ReadCertificate(der));
    return SigningChain::Make(std::move(chain)).ok();
  };
  EXPECT_TRUE(good({leaf, ca, root}));
  EXPECT_FALSE(good({}));
  EXPECT_FALSE(good({leaf}));
  EXPECT_FALSE(good({leaf, ca}));
  EXPECT_FALSE(good({leaf, root}));
  EXPECT_FALSE(good({leaf, root, ca}));
  EXPECT_FALSE(good({ca, root}));
  EXPECT_FALSE(good({root}));
  EXPECT_FALSE(good({leaf, ca, root, root}));
  EXPECT_FALSE(good({leaf, leaf, ca, root}));
  EXPECT_FALSE(good({leaf, ca, ca, root}));
  EXPECT_FALSE(good({leaf, ca, root, other.root().der}));
  // The same names by other keys.
  EXPECT_FALSE(good({leaf, other.ca().der, other.root().der}));
  EXPECT_FALSE(good({leaf, ca, other.root().der}));
  std::vector<Bytes> many(limits::kCertificates, ca);
  many.push_back(root);
  EXPECT_FALSE(good(many));
}

TEST(SigningChainTest, ValidityIsThatOfEveryCertificate) {
  const NotaryAuthority authority({.ca = [](CertificatePlan& plan) { plan.to = At("2026-07-01T00:00:00Z"); }});
  std::vector<crypto::Certificate> certificates;
  for (const Bytes& der : authority.Chain()) certificates.push_back(ReadCertificate(der));
  const auto chain = SigningChain::Make(certificates);
  ASSERT_TRUE(chain.ok());
  EXPECT_EQ(At("2026-07-01T00:00:00Z"), chain->not_after());
  const auto valid = [&](const char* first, const char* last) { return chain->ValidFrom(At(first), At(last)); };
  EXPECT_TRUE(valid("2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z"));
  EXPECT_FALSE(valid("2026-01-01T00:00:00Z", "2026-07-01T00:00:01Z"));
  EXPECT_FALSE(valid("2025-12-31T23:59:59Z", "2026-06-01T00:00:00Z"));
}

TEST(TrustStoreTest, HoldsAuthoritiesAndSignersThatAreTheirOwn) {
  const NotaryAuthority authority;
  const fakes::TestAuthority key;
  const auto make = [](StoreKind kind, const Bytes& der) {
    return TrustStore::Make("x", kind, {ReadCertificate(der)}).ok();
  };
  const Bytes alone = fakes::Mint(fakes::NotaryLeafPlan(), key, std::nullopt).der;
  for (const StoreKind kind : {StoreKind::kCa, StoreKind::kSigningAuthority}) {
    EXPECT_TRUE(make(kind, authority.root().der));
    EXPECT_TRUE(make(kind, authority.ca().der));
    EXPECT_TRUE(make(kind, alone));
    EXPECT_FALSE(make(kind, authority.leaf().der));
    EXPECT_FALSE(TrustStore::Make("x", kind, {}).ok());
  }
  EXPECT_TRUE(make(StoreKind::kTsa, authority.tsa_root().der));
  EXPECT_FALSE(make(StoreKind::kTsa, alone));
  EXPECT_FALSE(make(StoreKind::kTsa, authority.tsa().der));
  // Microsoft's root for timestamps of 2010: its key usage is not critical.
  const NotaryAuthority old({.tsa_root = Usage("digitalSignature,keyCertSign,cRLSign")});
  EXPECT_TRUE(make(StoreKind::kTsa, old.tsa_root().der));
  EXPECT_FALSE(make(StoreKind::kCa, old.tsa_root().der));
}

TEST(TrustStoreTest, CertificatesOfTwoKindsOfStoreAreRefused) {
  const NotaryAuthority authority;
  const auto store = [&](const char* name, StoreKind kind, const Bytes& der) { return Store(name, kind, {der}); };
  const Bytes& root = authority.root().der;
  EXPECT_TRUE(CheckApart({store("a", StoreKind::kCa, root), store("b", StoreKind::kCa, root)}).ok());
  EXPECT_TRUE(
      CheckApart({store("a", StoreKind::kCa, root), store("b", StoreKind::kTsa, authority.tsa_root().der)}).ok());
  EXPECT_FALSE(CheckApart({store("a", StoreKind::kCa, root), store("b", StoreKind::kTsa, root)}).ok());
  EXPECT_FALSE(CheckApart({store("a", StoreKind::kCa, root), store("b", StoreKind::kSigningAuthority, root)}).ok());
}

}  // namespace
}  // namespace pullseal::notary
