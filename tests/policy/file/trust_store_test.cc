// SPDX-License-Identifier: Apache-2.0
// Trust stores and the authorities that name them, as a policy file has them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/base/bytes.h"
#include "core/crypto/revocation_list.h"
#include "fakes/mint.h"
#include "fakes/notary_authority.h"
#include "policy/file/limits.h"
#include "policy/file/load.h"
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

// Lists lie with what the node keeps: each that is there is read, and one that cannot be costs no more than itself.
TEST_F(TrustStoreFileTest, RevocationListsAreReadAndTold) {
  std::string folder = std::filesystem::temp_directory_path() / "policy-XXXXXX";
  ASSERT_NE(nullptr, ::mkdtemp(folder.data()));
  const std::string policy_file = folder + "/policy.yaml";
  std::filesystem::create_directories(folder + "/crl");
  const auto write = [](const std::string& path, const std::string& text) { std::ofstream(path) << text; };
  write(folder + "/root.pem", files_["root.pem"]);
  const auto load = [&](const std::string& revocation, const std::string& revoked = "") {
    write(policy_file,
          "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\ntrustStores:\n"
          "  - {name: acme, kind: ca, files: [root.pem]" +
              revoked +
              "}\nrules:\n"
              "  - name: app\n    match: {images: [\"reg.io/**\"]}\n    require:\n      signatures:\n"
              "        anyOf:\n          - notary: {trustStore: acme, " +
              kWho + ", revocation: {" + revocation + "}}\n");
    return LoadPolicy(policy_file, folder + "/crl");
  };
  const auto lists = [](const Policy& policy) {
    return std::get<requirement::Notary>(policy.rules.at(0).require.signatures.any_of().at(0)).trust().lists->size();
  };
  const auto none = load("crls: [\"*.crl\"]");
  ASSERT_TRUE(none.ok()) << none.error().message;
  EXPECT_EQ(0U, lists(*none));
  const WallTime due = fakes::NotaryAuthority::Now() + std::chrono::hours(1);
  const Bytes list = fakes::MintList({.from = fakes::NotaryAuthority::Now(), .to = due}, Acme().ca());
  write(folder + "/crl/acme.crl", std::string(AsText(list)));
  write(folder + "/crl/broken.crl", "junk");
  write(folder + "/crl/other.txt", "junk");
  const auto one = load("crls: [\"*.crl\"], stale: alarm");
  ASSERT_TRUE(one.ok()) << one.error().message;
  EXPECT_EQ(1U, lists(*one));
  EXPECT_NE(none->fingerprint, one->fingerprint) << "a listing ends what is remembered";
  ASSERT_EQ(1U, one->problems.size());
  EXPECT_NE(std::string::npos, one->problems[0].find("revocation list broken.crl: not used"));
  const auto told = [](const Policy& policy, WallTime now, const std::string& part) {
    const auto all = Warnings(policy, now);
    return std::any_of(all.begin(), all.end(), [&](const auto& text) { return text.find(part) != std::string::npos; });
  };
  EXPECT_TRUE(told(*none, due, "there is none"));
  EXPECT_FALSE(told(*one, due, "newer one is due"));
  EXPECT_TRUE(told(*one, due + std::chrono::seconds(1), "newer one is due"));
  EXPECT_FALSE(told(*one, due, "not checked for revocation"));
  EXPECT_EQ(1U, lists(*load("crls: [\"*.crl\", \"none*\"]")));
  EXPECT_FALSE(load("crls: [\"../*.crl\"]").ok());
  EXPECT_FALSE(load("crls: [\"*.crl\"], stale: deny").ok());
  EXPECT_FALSE(load("stale: alarm").ok());
  const std::string key(64, 'a');
  const auto own =
      load("crls: [\"*.crl\"]", ", revoked: [{spkiSha256: " + key + ", at: 2026-01-01T00:00:00Z, reason: stolen}]");
  ASSERT_TRUE(own.ok()) << own.error().message;
  ASSERT_EQ(1U, own->trust_stores[0]->revoked().size());
  EXPECT_EQ(ParseTime("2026-01-01T00:00:00Z"), own->trust_stores[0]->revoked()[0].at);
  for (const char* bad :
       {", revoked: [{spkiSha256: x, reason: r}]", ", revoked: [{reason: r}]", ", revoked: [{issuer: a, serial: 0a}]",
        ", revoked: [{issuer: a, serial: 0a, at: x, reason: r}]"}) {
    EXPECT_FALSE(load("crls: [\"*.crl\"]", bad).ok()) << bad;
  }
  std::filesystem::remove_all(folder);
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
