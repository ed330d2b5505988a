// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/issuer_chain.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/crypto/openssl.h"
#include "fakes/mint.h"

namespace pullseal::crypto {
namespace {

using fakes::CertificatePlan;
using fakes::Mint;
using fakes::Minted;
using fakes::TestAuthority;

constexpr char kAuthorityKeyId[] = "2.5.29.35";
constexpr char kSubjectKeyId[] = "2.5.29.14";

// An authority that issues signers' certificates, each wrong in one thing.
class IssuedTest : public ::testing::Test {
 protected:
  static CertificatePlan Authority(const std::string& name) {
    CertificatePlan out;
    out.common_name = name;
    out.from = *ParseTime("2026-01-01T00:00:00Z");
    out.to = *ParseTime("2027-01-01T00:00:00Z");
    out.is_authority = true;
    out.key_usage = "critical,keyCertSign";
    out.extensions.push_back({kSubjectKeyId, Identifier(4, 1)});
    return out;
  }
  // A key identifier of twenty equal bytes behind a DER tag.
  static Bytes Identifier(std::uint8_t tag, std::uint8_t byte) {
    Bytes out = {tag, 20};
    out.resize(22, byte);
    return out;
  }
  static Bytes KeyId(std::uint8_t byte) {
    Bytes out = {0x30, 22};
    const Bytes inner = Identifier(0x80, byte);
    out.insert(out.end(), inner.begin(), inner.end());
    return out;
  }
  // authorityCertIssuer [1] with one directoryName [4], authorityCertSerialNumber [2]: the serial number of `issuer_`
  // with its last byte changed by `change`.
  Bytes KeyId(const std::string& name, std::uint8_t change) const {
    const auto wrap = [](std::uint8_t tag, Bytes content) {
      content.insert(content.begin(), {tag, static_cast<std::uint8_t>(content.size())});
      return content;
    };
    const auto append = [](Bytes out, const Bytes& more) {
      out.insert(out.end(), more.begin(), more.end());
      return out;
    };
    const Certificate certificate = *Certificate::ParseDer(issuer_.der);
    const ASN1_INTEGER* number = certificate.impl().syntax->tbs->serial_number;
    Bytes serial(number->data, number->data + number->length);
    serial.back() ^= change;
    const Bytes common_name = append({6, 3, 0x55, 4, 3}, wrap(0x0c, Bytes(name.begin(), name.end())));
    const Bytes directory = wrap(0x30, wrap(0x31, wrap(0x30, common_name)));
    return wrap(0x30, append(wrap(0xa1, wrap(0xa4, directory)), wrap(0x82, serial)));
  }
  static CertificatePlan Leaf() {
    CertificatePlan out = Authority("");
    out.is_authority = false;
    out.key_usage = "critical,digitalSignature";
    out.alternative_names = "critical,email:a@acme.example";
    out.extensions.clear();
    return out;
  }
  static CertificatePlan With(const std::string& oid, Bytes content, bool critical = false) {
    CertificatePlan out = Leaf();
    out.extensions.push_back({oid, std::move(content), critical});
    return out;
  }

  // What the authority says of a certificate that `issuer` made of `plan`: empty if it is the authority's.
  std::string Issued(const CertificatePlan& plan, const Minted& issuer) const {
    const auto leaf = Certificate::ParseDer(Mint(plan, leaf_key_, issuer).der);
    if (!leaf) return leaf.error().message;
    const auto issued = chain_.Issued(*leaf);
    return issued ? "" : issued.error().message;
  }
  std::string Issued(const CertificatePlan& plan) const { return Issued(plan, issuer_); }

  const TestAuthority key_, leaf_key_;
  const Minted issuer_ = Mint(Authority("issuer"), key_, std::nullopt);
  const IssuerChain chain_ = *IssuerChain::Make({*Certificate::ParseDer(issuer_.der)}, kCodeSigning);
};

TEST_F(IssuedTest, OnlyWhatItsIssuerSigned) {
  EXPECT_EQ("", Issued(Leaf()));
  const TestAuthority stranger;
  EXPECT_EQ("is not signed by its issuer", Issued(Leaf(), {issuer_.der, &stranger}));
  const Minted renamed = Mint(Authority("another"), key_, std::nullopt);
  EXPECT_EQ("names another issuer", Issued(Leaf(), renamed)) << "the right key under another name";
}

TEST_F(IssuedTest, NameConstraintsThatCannotBeReadAreNotAbsent) {
  const auto made = [&](Bytes constraints, int times) {
    CertificatePlan plan = Authority("issuer");
    for (int i = 0; i < times; ++i) plan.extensions.push_back({"2.5.29.30", constraints, true});
    const auto certificate = Certificate::ParseDer(Mint(plan, key_, std::nullopt).der);
    return certificate && IssuerChain::Make({*certificate}, kCodeSigning).ok();
  };
  // permittedSubtrees [0] of one rfc822Name [1]
  const Bytes good = {0x30, 10, 0xa0, 8, 0x30, 6, 0x81, 4, 'a', '.', 'i', 'o'};
  EXPECT_TRUE(made(good, 1));
  EXPECT_FALSE(made(good, 2)) << "twice";
  EXPECT_FALSE(made({0x30, 5, 0xa0}, 1));
  EXPECT_FALSE(made({5, 0}, 1));
}

TEST_F(IssuedTest, AnAuthorityDoesNotStandForItself) {
  EXPECT_FALSE(chain_.Issued(*Certificate::ParseDer(issuer_.der)).ok());
  CertificatePlan twin = Leaf();
  twin.common_name = "issuer";
  EXPECT_EQ("is the authority's own certificate", Issued(twin));
}

// RFC 5280 section 4.2.1.1: the identifier can name the key, or the issuer's own certificate by issuer and serial
// number.
TEST_F(IssuedTest, TheKeyIdentifierIsTheIssuers) {
  const auto by_name = [&](const char* name, std::uint8_t change) {
    return With(kAuthorityKeyId, KeyId(name, change));
  };
  EXPECT_EQ("", Issued(by_name("issuer", 0)));
  EXPECT_EQ("names another key of its issuer", Issued(by_name("issuer", 1))) << "another serial number";
  EXPECT_EQ("names another key of its issuer", Issued(by_name("other", 0))) << "another issuer of the issuer";
  EXPECT_EQ("", Issued(With(kAuthorityKeyId, KeyId(1))));
  EXPECT_EQ("names another key of its issuer", Issued(With(kAuthorityKeyId, KeyId(2))));
}

TEST_F(IssuedTest, CriticalExtensionsAreUnderstood) {
  EXPECT_EQ("", Issued(With("1.2.3.4", {5, 0})));
  EXPECT_EQ("has a critical extension that is not understood", Issued(With("1.2.3.4", {5, 0}, true)));
  // RFC 3820: a certificate by which a signer lets others act for it.
  const Bytes proxy = {0x30, 12, 0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 21, 1};
  EXPECT_EQ("has a critical extension that is not understood", Issued(With("1.3.6.1.5.5.7.1.14", proxy, true)));
  // RFC 3779: no addresses, no routes.
  EXPECT_EQ("has a critical extension that is not understood", Issued(With("1.3.6.1.5.5.7.1.7", {0x30, 0}, true)));
  EXPECT_EQ("has a critical extension that is not understood", Issued(With("1.3.6.1.5.5.7.1.8", {0x30, 0}, true)));
}

// What OpenSSL can read and nobody here takes into account is not understood either.
TEST_F(IssuedTest, OnlyWhatIsProcessedIsUnderstood) {
  const std::pair<const char*, Bytes> unknown[] = {
      {"2.5.29.36", {0x30, 3, 0x80, 1, 0}},                              // policyConstraints
      {"2.5.29.54", {2, 1, 0}},                                          // inhibitAnyPolicy
      {"2.5.29.32", {0x30, 6, 0x30, 4, 6, 2, 0x2a, 3}},                  // certificatePolicies
      {"2.5.29.33", {0x30, 10, 0x30, 8, 6, 2, 0x2a, 3, 6, 2, 0x2a, 4}},  // policyMappings
      {"2.5.29.31", {0x30, 0}},                                          // cRLDistributionPoints
      {"2.5.29.18", {0x30, 2, 0x82, 0}},                                 // issuerAltName
      {"2.16.840.1.113730.1.1", {3, 2, 7, 0x80}},                        // Netscape's type
      {"1.3.6.1.5.5.7.48.1.5", {5, 0}},                                  // OCSP no check
      {"1.3.6.1.4.1.11129.2.4.3", {5, 0}},                               // a precertificate's poison
      {"1.3.6.1.4.1.572641.1", {5, 0}},
  };
  for (const auto& [oid, content] : unknown) {
    EXPECT_EQ("", Issued(With(oid, content))) << oid;
    EXPECT_EQ("has a critical extension that is not understood", Issued(With(oid, content, true))) << oid;
  }
  EXPECT_EQ("", Issued(With(kSubjectKeyId, Identifier(4, 1), true)));
  EXPECT_EQ("", Issued(With("1.3.6.1.4.1.57264.1.8", {12, 1, 'x'}, true))) << "Fulcio's";
}

TEST_F(IssuedTest, NoExtensionIsThereTwice) {
  CertificatePlan plan = With("1.2.3.4", {5, 0});
  plan.extensions.push_back({"1.2.3.4", {5, 0}});
  EXPECT_EQ("has extension 1.2.3.4 twice", Issued(plan));
}

TEST_F(IssuedTest, SerialNumbersArePositive) {
  constexpr char kNot[] = "certificate: has a serial number that is not positive";
  CertificatePlan plan = Leaf();
  plan.serial = 1;
  EXPECT_EQ("", Issued(plan));
  plan.serial = 0;
  EXPECT_EQ(kNot, Issued(plan));
  plan.serial = -5;
  EXPECT_EQ(kNot, Issued(plan));
}

TEST_F(IssuedTest, AnEmptySubjectHasCriticalNames) {
  CertificatePlan plan = Leaf();
  plan.alternative_names = "email:a@acme.example";
  EXPECT_EQ("has no subject, and alternative names that are not critical", Issued(plan));
  plan.common_name = "signer";
  EXPECT_EQ("", Issued(plan));
}

TEST_F(IssuedTest, TimesAreInDer) {
  CertificatePlan plan = Leaf();
  plan.end_text = "270101000000Z";
  EXPECT_EQ("", Issued(plan));
  // An offset, no seconds, fractions, small letters, nothing behind it.
  for (const char* text : {"270101000000+0100", "2701010000Z", "270101000000.5Z", "270101000000z", "270101000000"}) {
    plan.end_text = text;
    EXPECT_NE("", Issued(plan)) << text;
  }
  plan.to = *ParseTime("2055-01-01T00:00:00Z");  // which makes it a GeneralizedTime
  plan.end_text = "20550101000000Z";
  EXPECT_EQ("", Issued(plan));
  for (const char* text :
       {"20550101000000.5Z", "205501010000Z", "20550101000000+0000", "20550101000000", "270101000000Z"}) {
    plan.end_text = text;
    EXPECT_NE("", Issued(plan)) << text;
  }
}

// The same rules hold above the signer's certificate, at every step to the anchor.
TEST_F(IssuedTest, ChainsHoldAtEveryStep) {
  const TestAuthority middle_key;
  const auto make = [&](const CertificatePlan& middle, const CertificatePlan& top, const TestAuthority& signs) {
    const Minted root = Mint(top, key_, std::nullopt);
    const Minted below = Mint(middle, middle_key, Minted{root.der, &signs});
    const auto chain =
        IssuerChain::Make({*Certificate::ParseDer(below.der), *Certificate::ParseDer(root.der)}, kCodeSigning);
    return chain ? "" : chain.error().message;
  };
  const CertificatePlan middle = Authority("middle");
  const CertificatePlan top = Authority("top");
  EXPECT_EQ("", make(middle, top, key_));
  EXPECT_EQ("\"/CN=middle\" is not signed by its issuer \"/CN=top\"", make(middle, top, middle_key));
  CertificatePlan plan = middle;
  plan.extensions.push_back({kAuthorityKeyId, KeyId(2)});
  EXPECT_EQ("\"/CN=middle\" names another key of its issuer \"/CN=top\"", make(plan, top, key_));
  plan = top;
  plan.extensions.push_back({"1.2.3.4", {5, 0}, true});
  EXPECT_EQ("\"/CN=top\" has a critical extension that is not understood", make(middle, plan, key_));
  plan = top;
  plan.name_constraints = "critical,permitted;email:acme.example";
  EXPECT_EQ("", make(middle, plan, key_));
  CertificatePlan evil = middle;
  evil.alternative_names = "email:a@evil.example";
  EXPECT_EQ("", make(evil, top, key_));
  EXPECT_EQ("\"/CN=middle\" has a name outside the name constraints above it", make(evil, plan, key_));
  CertificatePlan strict = evil;
  strict.name_constraints = plan.name_constraints;
  EXPECT_EQ("", make(strict, top, key_)) << "its own constraints are for those below it";
  // An authority's own rollover, which names itself, is not asked for its names.
  evil.common_name = "top";
  EXPECT_EQ("", make(evil, plan, key_));
  plan = top;
  plan.path_length = 0;
  EXPECT_EQ("\"/CN=top\" allows fewer authorities below it", make(middle, plan, key_));
}

TEST_F(IssuedTest, TheAlgorithmIsTheOneItNames) {
  CertificatePlan plan = Leaf();
  plan.named_inside = plan.named_outside = "ecdsa-with-SHA256";
  EXPECT_EQ("", Issued(plan));
  plan.named_inside = plan.named_outside = "ecdsa-with-SHA384";
  EXPECT_EQ("is not signed by its issuer", Issued(plan)) << "another hash";
  plan.named_inside = plan.named_outside = "sha256WithRSAEncryption";
  EXPECT_EQ("is not signed by its issuer", Issued(plan)) << "another kind of key";
  plan.named_outside = "ecdsa-with-SHA256";
  EXPECT_EQ("certificate: names two signature algorithms", Issued(plan));
}

// What RFC 5280 asks of extensions that we use, whoever signed them.
TEST_F(IssuedTest, ExtensionsAreReadable) {
  constexpr char kUnreadable[] = "certificate: has an extension that cannot be read";
  constexpr char kBasicConstraints[] = "2.5.29.19";
  constexpr char kKeyUsage[] = "2.5.29.15";
  constexpr char kExtendedKeyUsage[] = "2.5.29.37";
  constexpr char kAlternativeNames[] = "2.5.29.17";
  EXPECT_EQ("", Issued(With(kBasicConstraints, {0x30, 0})));
  EXPECT_EQ(kUnreadable, Issued(With(kBasicConstraints, {0x31, 0})));
  EXPECT_EQ(kUnreadable, Issued(With(kBasicConstraints, {0x30, 6, 1, 1, 0xff, 2, 1, 0xff}))) << "a length below zero";
  EXPECT_EQ(kUnreadable, Issued(With(kKeyUsage, {3, 2, 7, 0x80}))) << "twice";
  EXPECT_EQ(kUnreadable, Issued(With(kExtendedKeyUsage, {0x30, 1})));
  EXPECT_EQ(kUnreadable, Issued(With(kAlternativeNames, {0x30, 0}))) << "twice";
  EXPECT_EQ(kUnreadable, Issued(With(kAuthorityKeyId, {0x30, 1})));
  EXPECT_EQ(kUnreadable, Issued(With(kSubjectKeyId, {0x30, 1})));
  CertificatePlan unused = With(kKeyUsage, {3, 1, 0});
  unused.key_usage = "";
  EXPECT_EQ(kUnreadable, Issued(unused)) << "no bit set";
}

TEST_F(IssuedTest, BitStringsAreWholeOctets) {
  // A signature that ends in a zero bit, which DER lets be left out: the same bytes, said to be one bit fewer.
  for (int tries = 0;; ++tries) {
    ASSERT_LT(tries, 100);
    Bytes der = Mint(Leaf(), leaf_key_, issuer_).der;
    if ((der.back() & 1) != 0) continue;
    const auto good = Certificate::ParseDer(der);
    ASSERT_TRUE(good.ok() && chain_.Issued(*good).ok());
    // The signature is the last value; its first byte tells the unused bits.
    std::size_t at = der.size();
    for (std::size_t i = der.size() - 80; i < der.size(); ++i) {
      if (der[i] == 3 && i + 2 + der[i + 1] == der.size()) at = i + 2;
    }
    ASSERT_LT(at, der.size());
    ASSERT_EQ(0, der[at]);
    der[at] = 1;
    EXPECT_FALSE(Certificate::ParseDer(der).ok());
    break;
  }
  for (int tries = 0;; ++tries) {
    ASSERT_LT(tries, 100);
    Bytes der = TestAuthority().PublicDer();
    if ((der.back() & 1) != 0) continue;
    ASSERT_TRUE(PublicKey::ParseDer(der).ok());
    der[der.size() - 66] = 1;
    EXPECT_FALSE(PublicKey::ParseDer(der).ok());
    break;
  }
}

TEST_F(IssuedTest, VersionThreeOnly) {
  Bytes der = Mint(Leaf(), leaf_key_, issuer_).der;
  const Bytes version = {0xa0, 3, 2, 1, 2};
  const auto at = std::search(der.begin(), der.end(), version.begin(), version.end());
  ASSERT_NE(der.end(), at);
  at[4] = 1;
  EXPECT_EQ("certificate: is not of version 3", Certificate::ParseDer(der).error().message);
}

}  // namespace
}  // namespace pullseal::crypto
