// SPDX-License-Identifier: Apache-2.0
// Trust stores and the authorities that name them, as a policy file has them.
#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "fakes/notary_authority.h"
#include "policy/file/limits.h"
#include "policy/file/parse.h"
#include "verify/notary/trust.h"

namespace pullseal::policy {
namespace {

const fakes::NotaryAuthority& Acme() {
  static const fakes::NotaryAuthority authority;
  return authority;
}

std::string Pem(const Bytes& der) {
  return "-----BEGIN CERTIFICATE-----\n" + Base64Encode(der) + "\n-----END CERTIFICATE-----\n";
}

class TrustStoreFileTest : public ::testing::Test {
 protected:
  TrustStoreFileTest() {
    files_["root.pem"] = Pem(Acme().root().der);
    files_["root.der"] = std::string(AsText(Acme().root().der));
    files_["tsa.pem"] = Pem(Acme().tsa_root().der);
    files_["leaf.pem"] = Pem(Acme().leaf().der);
    files_["ca.pem"] = Pem(Acme().ca().der);
    files_["junk.pem"] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  }
  Result<Policy> Parse(const std::string& stores, const std::string& notary, const std::string& more = "") const {
    return ParsePolicy("apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\ntrustStores:\n" + stores +
                           "rules:\n  - name: app\n    match: {images: [\"reg.io/**\"]}\n    require:\n" +
                           "      signatures:\n        " + more + "anyOf:\n          - notary: {" + notary + "}\n",
                       [this](const std::string& name) -> Result<std::string> {
                         const auto found = files_.find(name);
                         if (found == files_.end()) return Error{ErrorCode::kNotFound, "No such file"};
                         return found->second;
                       });
  }
  static constexpr const char* kStore = "  - {name: acme, kind: ca, files: [root.pem]}\n";
  static constexpr const char* kStores =
      "  - {name: acme, kind: ca, files: [root.pem]}\n  - {name: times, kind: tsa, files: [tsa.pem]}\n";
  static constexpr const char* kWho = "identities: [{subject: \"C=US, ST=WA, O=Acme, CN=release\"}]";
  std::map<std::string, std::string> files_;
};

TEST_F(TrustStoreFileTest, AWholeAuthorityIsRead) {
  const auto policy = Parse(
      kStores, std::string("trustStore: acme, ") + kWho + ", timestamps: {trustStore: times, verify: afterExpiry}");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  ASSERT_EQ(2U, policy->trust_stores.size());
  const auto& all = policy->rules.at(0).require.signatures.any_of();
  const auto* notary = std::get_if<requirement::Notary>(&all.at(0));
  ASSERT_NE(nullptr, notary);
  EXPECT_EQ(policy->trust_stores[0], notary->trust().store);
  EXPECT_EQ(policy->trust_stores[1], notary->trust().timestamps);
  EXPECT_EQ(notary::Trust::Timestamps::kAfterExpiry, notary->trust().verify);
  EXPECT_EQ(1U, notary->trust().identities.size());
}

TEST_F(TrustStoreFileTest, TimestampsAreAlwaysAskedForUnlessItSaysOtherwise) {
  const auto policy = Parse(kStores, std::string("trustStore: acme, ") + kWho + ", timestamps: {trustStore: times}");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  const auto& all = policy->rules.at(0).require.signatures.any_of();
  EXPECT_EQ(notary::Trust::Timestamps::kAlways, std::get<requirement::Notary>(all.at(0)).trust().verify);
}

TEST_F(TrustStoreFileTest, PemAndDerAreTheSame) {
  for (const char* file : {"root.pem", "root.der"}) {
    const auto policy = Parse("  - {name: acme, kind: ca, files: [" + std::string(file) + "]}\n",
                              std::string("trustStore: acme, ") + kWho);
    ASSERT_TRUE(policy.ok()) << policy.error().message;
    EXPECT_EQ(Acme().root().der, policy->trust_stores[0]->certificates().at(0).Der());
  }
}

// What a verdict depends on is in the fingerprint.
TEST_F(TrustStoreFileTest, AnotherFileIsAnotherPolicy) {
  const std::string notary = std::string("trustStore: acme, ") + kWho;
  const std::string before = Parse(kStore, notary)->fingerprint;
  EXPECT_EQ(before, Parse(kStore, notary)->fingerprint);
  files_["root.pem"] = Pem(fakes::NotaryAuthority().root().der);
  EXPECT_NE(before, Parse(kStore, notary)->fingerprint);
}

TEST_F(TrustStoreFileTest, WhatIsUnsafeOrCannotHoldIsRefused) {
  const std::string acme = std::string("trustStore: acme, ") + kWho;
  const std::string anybody = "trustStore: acme, identities: [{subject: \"*\"";
  struct Case {
    std::string stores, notary, expected, more;
  };
  const Case cases[] = {
      {"  - {name: acme, kind: root, files: [root.pem]}\n", acme, "kind must be", ""},
      {"  - {name: acme, kind: ca, files: [gone.pem]}\n", acme, "gone.pem: No such file", ""},
      {"  - {name: acme, kind: ca, files: [junk.pem]}\n", acme, "trust store \"acme\": junk.pem", ""},
      {"  - {name: acme, kind: ca, files: []}\n", acme, "must not be empty", ""},
      {"  - {name: acme, kind: ca}\n", acme, "no field \"files\"", ""},
      {"  - {name: acme, kind: ca, files: [leaf.pem]}\n", acme, "somebody else issued", ""},
      {std::string(kStore) + kStore, acme, "there twice", ""},
      {std::string(kStore) + "  - {name: sa, kind: signingAuthority, files: [root.der]}\n", acme, "different kinds",
       ""},
      {kStore, std::string("trustStore: other, ") + kWho, "not among the policy's trustStores", ""},
      {kStores, std::string("trustStore: times, ") + kWho, "no trust store for signers", ""},
      {kStores, acme + ", timestamps: {trustStore: acme}", "another kind", ""},
      {kStores, acme + ", timestamps: {trustStore: times, verify: never}", "always or afterExpiry", ""},
      {"  - {name: acme, kind: signingAuthority, files: [root.pem]}\n  - {name: times, kind: tsa, files: [tsa.pem]}\n",
       acme + ", timestamps: {trustStore: times}", "asks for timestamps of a signing authority", ""},
      {kStore, "trustStore: acme", "no field \"identities\"", ""},
      {kStore, "trustStore: acme, identities: []", "has no identity", ""},
      {kStore, "trustStore: acme, identities: [{}]", "either subject or usage", ""},
      {kStore, "trustStore: acme, identities: [{subject: \"C=US, ST=WA, O=A\", usage: \"1.3.6.1.4.1.311.97.9.9\"}]",
       "either subject or usage", ""},
      {kStore, "trustStore: acme, identities: [{subject: \"CN=release\"}]", "lacks C, ST or O", ""},
      {kStore, "trustStore: acme, identities: [{usage: \"1.3.6.1.5.5.7.3.3\"}]", "", ""},
      {kStore, anybody + "}]", "say unsafe: true", ""},
      {kStore, acme + ", level: audit", "unknown field", ""},
      {kStore, acme, "can never hold", "repository: required\n        "},
  };
  for (const Case& one : cases) {
    const auto policy = Parse(one.stores, one.notary, one.more);
    ASSERT_FALSE(policy.ok()) << one.stores << one.notary;
    EXPECT_NE(std::string::npos, policy.error().message.find(one.expected)) << policy.error().message;
  }
  EXPECT_TRUE(Parse(kStore, anybody + ", unsafe: true}]").ok());
  EXPECT_TRUE(Parse(kStore, "trustStore: acme, identities: [{usage: \"1.3.6.1.5.5.7.3.3\", unsafe: true}]").ok());
}

TEST_F(TrustStoreFileTest, CertificatesOfAnOwnPki) {
  const auto parse = [&](const std::string& holders) {
    return ParsePolicy(
        std::string("apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\ntrustStores:\n") + kStores +
            "rules:\n  - name: app\n    match: {images: [\"reg.io/**\"]}\n    require:\n" +
            "      signatures: {anyOf: [{certificate: {" + holders + "}}]}\n",
        [this](const std::string& name) -> Result<std::string> { return files_.at(name); });
  };
  const auto good = parse("roots: acme, identities: [{email: a@acme.io}, {subject: \"C=US, ST=WA, O=Acme\"}]");
  ASSERT_TRUE(good.ok()) << good.error().message;
  const auto& all = good->rules.at(0).require.signatures.any_of();
  const auto& asked = std::get<requirement::CertificateHolders>(all.at(0)).asked();
  EXPECT_EQ("a@acme.io", asked.holders.at(0).email);
  EXPECT_EQ(good->trust_stores[0], asked.roots);
  for (const auto& [text, expected] : std::map<std::string, std::string>{
           {"roots: other, identities: [{email: a@acme.io}]", "not among the policy's trustStores"},
           {"roots: times, identities: [{email: a@acme.io}]", "no trust store of kind ca"},
           {"roots: acme", "no field \"identities\""},
           {"roots: acme, identities: []", "no identity"},
           {"roots: acme, identities: [{email: a@acme.io, uri: x}]", "exactly one of"},
           {"roots: acme, identities: [{subject: \"*\"}]", ""},
           {"roots: acme, identities: [{email: a@acme.io}], trustRoot: r", "not among the policy's trustRoots"},
           {"roots: acme, identities: [{email: a@acme.io}], requireTime: true", "no trust root could prove"}}) {
    const auto policy = parse(text);
    ASSERT_FALSE(policy.ok()) << text;
    EXPECT_NE(std::string::npos, policy.error().message.find(expected)) << policy.error().message;
  }
}

TEST_F(TrustStoreFileTest, TheNumberOfStoresIsBounded) {
  std::string stores = kStore;
  for (std::size_t i = 1; i < limits::kTrustStores; ++i)
    stores += "  - {name: s" + std::to_string(i) + ", kind: ca, files: [root.pem]}\n";
  EXPECT_TRUE(Parse(stores, std::string("trustStore: acme, ") + kWho).ok());
  const auto more =
      Parse(stores + "  - {name: more, kind: ca, files: [root.pem]}\n", std::string("trustStore: acme, ") + kWho);
  ASSERT_FALSE(more.ok());
  EXPECT_NE(std::string::npos, more.error().message.find("too many trust stores"));
}

TEST_F(TrustStoreFileTest, WarnsOfWhatWillHardlyBeMeant) {
  const auto warned = [](const Result<Policy>& policy, const char* now, const std::string& part) {
    EXPECT_TRUE(policy.ok()) << policy.error().message;
    for (const std::string& one : Warnings(*policy, *ParseTime(now))) {
      if (one.find(part) != std::string::npos) return true;
    }
    return false;
  };
  const char* now = "2026-06-01T00:00:00Z";
  const std::string acme = std::string("trustStore: acme, ") + kWho;
  const auto plain = Parse(kStores, acme);
  EXPECT_TRUE(warned(plain, now, "need no timestamp"));
  EXPECT_TRUE(warned(plain, now, "not checked for revocation"));
  EXPECT_TRUE(warned(plain, now, "trust store \"times\" is used by no rule"));
  EXPECT_FALSE(warned(plain, now, "trust store \"acme\" is used by no rule"));
  EXPECT_FALSE(warned(plain, now, "has ended"));
  EXPECT_TRUE(warned(plain, "2040-01-01T00:00:00Z", "has ended"));
  EXPECT_FALSE(warned(Parse(kStores, acme + ", timestamps: {trustStore: times}"), now, "need no timestamp"));
  EXPECT_TRUE(warned(Parse("  - {name: acme, kind: ca, files: [ca.pem]}\n", acme), now, "is no root"));
  EXPECT_TRUE(warned(Parse(std::string(kStore) + "  - {name: b, kind: ca, files: [root.der]}\n", acme), now,
                     "share a certificate"));
}

}  // namespace
}  // namespace pullseal::policy
