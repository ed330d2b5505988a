// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/certificate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/crypto/limits.h"
#include "core/crypto/timestamp.h"
#include "fakes/sigstore_authority.h"
#include "verify/sigstore/certificate_timestamp.h"

namespace pullseal::crypto {
namespace {

using fakes::CertificatePlan;
using fakes::SigstoreAuthority;

class CertificateTest : public ::testing::Test {
 protected:
  Bytes Leaf(std::function<void(CertificatePlan&)> change = {}) const {
    return authority_.SignMessage("m", {.leaf = std::move(change)}).certificate;
  }
  const SigstoreAuthority authority_;
};

TEST_F(CertificateTest, IsReadStrictly) {
  const Bytes der = Leaf();
  const auto certificate = Certificate::ParseDer(der);
  ASSERT_TRUE(certificate.ok()) << certificate.error().message;
  EXPECT_EQ(der, certificate->Der());
  EXPECT_TRUE(certificate->HasEmptySubject());
  EXPECT_FALSE(certificate->IsAuthority());
  EXPECT_TRUE(certificate->MaySignData());
  EXPECT_EQ(std::vector<std::string>{kCodeSigning}, certificate->ExtendedKeyUsages());
  EXPECT_TRUE(certificate->ValidAt(SigstoreAuthority::Start()));
  EXPECT_TRUE(certificate->ValidAt(SigstoreAuthority::Start() + std::chrono::minutes(10))) << "the end belongs to it";
  EXPECT_FALSE(certificate->ValidAt(SigstoreAuthority::Start() + std::chrono::seconds(601)));
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_FALSE(Certificate::ParseDer(longer).ok());
  Bytes shorter = der;
  shorter.pop_back();
  EXPECT_FALSE(Certificate::ParseDer(shorter).ok());
  // The same certificate with its outermost length written in more bytes than needed: BER, not DER.
  Bytes padded = {der[0], 0x83, 0x00};
  padded.insert(padded.end(), der.begin() + 2, der.end());
  EXPECT_FALSE(Certificate::ParseDer(padded).ok());
  EXPECT_EQ(ErrorCode::kLimit, Certificate::ParseDer(Bytes(limits::kCertificateBytes + 1, 0x30)).error().code);
  EXPECT_FALSE(Certificate::ParseDer(Leaf([](auto& plan) { plan.hash = "SHA1"; })).ok());
}

// Times beyond what the clock's type holds, found by the fuzzer: an end is "never", a start is refused.
TEST_F(CertificateTest, TimesFarAwayDoNotOverflow) {
  const auto with = [&](const std::string& from, const std::string& to) {
    Bytes der = Leaf([](auto& plan) { plan.to = *ParseTime("2255-01-01T00:00:00Z"); });
    const auto put = [&](const std::string& old, const std::string& fresh) {
      const auto at = std::search(der.begin(), der.end(), old.begin(), old.end());
      ASSERT_NE(der.end(), at);
      std::copy(fresh.begin(), fresh.end(), at);
    };
    put("260601120000Z", from);
    put("22550101000000Z", to);
    return Certificate::ParseDer(der);
  };
  const auto forever = with("260601120000Z", "99991231235959Z");
  ASSERT_TRUE(forever.ok()) << forever.error().message;
  EXPECT_EQ(WallTime::max(), forever->not_after());
  EXPECT_FALSE(with("260601120000Z", "00010101000000Z").ok()) << "ends before it begins";
  EXPECT_FALSE(with("600101000000Z", "99991231235959Z").ok()) << "from 1960";
}

// What is cut out of a precertificate leaves everything else as it was: the log's signature verifies over it, and over
// nothing else.
TEST_F(CertificateTest, TbsWithoutItsTimestamps) {
  using sigstore::CertificateTimestamp;
  using sigstore::PrecertificateEntry;
  const auto leaf = *Certificate::ParseDer(Leaf());
  const auto issuer = *Certificate::ParseDer(authority_.intermediate().der);
  const auto root = *Certificate::ParseDer(authority_.root().der);
  const auto log = *PublicKey::ParseDer(authority_.certificate_log().PublicDer());
  const auto promises = CertificateTimestamp::EmbeddedIn(leaf);
  ASSERT_TRUE(promises.ok() && promises->size() == 1);
  EXPECT_TRUE(PrecertificateEntry::Of(leaf, issuer)->SignedBy(promises->front(), log));
  EXPECT_FALSE(PrecertificateEntry::Of(leaf, root)->SignedBy(promises->front(), log)) << "another issuer's key";
  EXPECT_FALSE(PrecertificateEntry::Of(leaf, issuer)->SignedBy(promises->front(), *leaf.Key()));
  auto later = promises->front();
  later.time += std::chrono::milliseconds(1);
  EXPECT_FALSE(PrecertificateEntry::Of(leaf, issuer)->SignedBy(later, log));
  EXPECT_FALSE(leaf.TbsWithout("1.2.3").ok());
}

TEST_F(CertificateTest, TimestampListsAreReadStrictly) {
  using sigstore::CertificateTimestamp;
  const auto list = [&](Bytes content) {
    const auto certificate = Certificate::ParseDer(
        authority_
            .SignMessage("m", {.leaf =
                                   [&](CertificatePlan& plan) {
                                     plan.extensions.push_back({"1.3.6.1.4.1.11129.2.4.2", content, false});
                                   },
                               .certificate_logs = [](auto& logs) { logs.clear(); }})
            .certificate);
    return CertificateTimestamp::EmbeddedIn(*certificate);
  };
  EXPECT_TRUE(list({4, 2, 0, 0}).ok()) << "an empty list";
  EXPECT_FALSE(list({}).ok());
  EXPECT_FALSE(list({4, 0}).ok());
  EXPECT_FALSE(list({4, 2, 0, 1}).ok());
  EXPECT_FALSE(list({4, 3, 0, 0, 0}).ok());
  EXPECT_FALSE(list({4, 4, 0, 2, 0, 9}).ok());
  EXPECT_FALSE(list({4, 4, 0, 2, 0, 0}).ok()) << "an empty timestamp";
  EXPECT_FALSE(list({0x24, 4, 4, 2, 0, 0}).ok()) << "constructed, not DER";
}

// Which of two would count is not for us to choose, and neither is "there is none".
TEST_F(CertificateTest, AnExtensionThatIsReadStandsOnce) {
  const auto with = [&](int times) {
    return *Certificate::ParseDer(authority_
                                      .SignMessage("m", {.leaf =
                                                             [&](CertificatePlan& plan) {
                                                               for (int i = 0; i < times; ++i)
                                                                 plan.extensions.push_back({"1.2.3", {5, 0}, false});
                                                             },
                                                         .certificate_logs = [](auto& logs) { logs.clear(); }})
                                      .certificate);
  };
  EXPECT_FALSE(with(0).Extension("1.2.3")->has_value());
  EXPECT_EQ((Bytes{5, 0}), **with(1).Extension("1.2.3"));
  EXPECT_FALSE(with(2).Extension("1.2.3").ok());
  EXPECT_FALSE(with(2).TbsWithout("1.2.3").ok());
}

TEST_F(CertificateTest, PemHoldsCertificatesAndNothingElse) {
  const std::string pem = fakes::ToPem(Leaf());
  EXPECT_EQ(1U, Certificate::ParsePem(pem)->size());
  EXPECT_EQ(2U, Certificate::ParsePem("\n" + pem + "\n\n" + pem)->size());
  std::string many;
  for (std::size_t i = 0; i <= limits::kCertificates; ++i) many += pem;
  EXPECT_EQ(ErrorCode::kLimit, Certificate::ParsePem(many).error().code);
  for (const std::string& bad :
       {std::string(), std::string("\n"), pem + "x", "x" + pem, authority_.certificate_log().PublicPem(),
        std::string("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), pem.substr(0, pem.size() - 5),
        std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}) {
    EXPECT_FALSE(Certificate::ParsePem(bad).ok()) << bad;
  }
}

TEST_F(CertificateTest, DerContentIsOneWholeValue) {
  const auto text = [](Bytes der) { return DerContent(der, kDerUtf8String).ok(); };
  EXPECT_TRUE(text({12, 1, 'a'}));
  EXPECT_TRUE(text({12, 0}));
  for (const Bytes& bad : std::vector<Bytes>{{},
                                             {12},
                                             {12, 1},
                                             {12, 1, 'a', 0},
                                             {12, 2, 'a'},
                                             {4, 1, 'a'},
                                             {0x2c, 1, 'a'},
                                             {12, 0x81, 1, 'a'},
                                             {12, 0x80, 'a', 0, 0},
                                             {0x8c, 1, 'a'}}) {
    EXPECT_FALSE(text(bad)) << HexEncode(bad);
  }
}

// Names are right, signatures are not: chains put together of two instances.
TEST_F(CertificateTest, ChainsOfTwoInstancesDoNotHold) {
  const SigstoreAuthority other;
  const auto read = [](const fakes::Minted& minted) { return *Certificate::ParseDer(minted.der); };
  EXPECT_TRUE(IssuerChain::Make({read(authority_.intermediate()), read(authority_.root())}, kCodeSigning).ok());
  EXPECT_FALSE(IssuerChain::Make({read(authority_.intermediate()), read(other.root())}, kCodeSigning).ok());
  EXPECT_TRUE(IssuerChain::Make({read(authority_.intermediate())}, kCodeSigning).ok())
      << "an anchor need not be a root";
  EXPECT_FALSE(IssuerChain::Make({}, kCodeSigning).ok());
  EXPECT_TRUE(TimestampAuthority::Make({read(authority_.stamper()), read(authority_.stamper_root())}).ok());
  EXPECT_FALSE(TimestampAuthority::Make({read(authority_.stamper()), read(other.stamper_root())}).ok());
}

class TimestampTest : public ::testing::Test {
 protected:
  fakes::StampPlan Plan() const { return {SigstoreAuthority::Start() + std::chrono::milliseconds(1234)}; }
  const SigstoreAuthority authority_;
};

TEST_F(TimestampTest, TellsTimeToTheMillisecond) {
  const Bytes der = fakes::Stamp(Plan(), authority_.stamper(), AsBytes("x"));
  const auto timestamp = Timestamp::Parse(der);
  ASSERT_TRUE(timestamp.ok()) << timestamp.error().message;
  EXPECT_EQ("2026-06-01T12:00:01.234000Z", FormatTime(timestamp->time()));
  EXPECT_TRUE(timestamp->IsOver(AsBytes("x")));
  EXPECT_FALSE(timestamp->IsOver(AsBytes("y")));
}

TEST_F(TimestampTest, AnyChangedByteIsNoticed) {
  const Bytes good = fakes::Stamp(Plan(), authority_.stamper(), AsBytes("x"));
  std::vector<Certificate> chain = {*Certificate::ParseDer(authority_.stamper().der)};
  const auto trusted = TimestampAuthority::Make(chain);
  ASSERT_TRUE(trusted.ok()) << trusted.error().message;
  ASSERT_TRUE(Timestamp::Parse(good)->Verify(*trusted).ok());
  int verified = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes changed = good;
    changed[i] ^= 0x01;
    const auto timestamp = Timestamp::Parse(changed);
    if (!timestamp || !timestamp->Verify(*trusted)) continue;
    ++verified;
    EXPECT_EQ(FormatTime(Timestamp::Parse(good)->time()), FormatTime(timestamp->time())) << "byte " << i;
    EXPECT_TRUE(timestamp->IsOver(AsBytes("x"))) << "byte " << i;
  }
  // The status, algorithm parameters and versions are not signed.
  EXPECT_LT(verified, 20);
}

TEST_F(TimestampTest, OtherAnswersAreRefused) {
  const Bytes good = fakes::Stamp(Plan(), authority_.stamper(), AsBytes("x"));
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(Timestamp::Parse(longer).ok());
  EXPECT_FALSE(Timestamp::Parse(Bytes{}).ok());
  EXPECT_FALSE(Timestamp::Parse(Bytes{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02}).ok()) << "rejected, without a token";
  EXPECT_FALSE(Timestamp::Parse(Bytes{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00}).ok()) << "granted, without a token";
  // `good` with the byte `by` behind the first `these` as `value`.
  const auto with = [&](const Bytes& these, std::ptrdiff_t by, std::uint8_t value) {
    Bytes out = good;
    const auto found = std::search(out.begin(), out.end(), these.begin(), these.end());
    EXPECT_LT(by, out.end() - found);
    if (by < out.end() - found) *(found + by) = value;
    return out;
  };
  EXPECT_TRUE(Timestamp::Parse(with({0x02, 0x01, 0x00}, 2, 0)).ok());
  EXPECT_FALSE(Timestamp::Parse(with({0x02, 0x01, 0x00}, 2, 2)).ok()) << "rejected, with a token all the same";
  const Bytes year = {'2', '0', '2'};
  const auto time = std::search(good.begin(), good.end(), year.begin(), year.end());
  const auto end = std::find(time, good.end(), 'Z');
  ASSERT_NE(good.end(), end);
  EXPECT_FALSE(Timestamp::Parse(with(year, end - time, '0')).ok()) << "a time that is not in UTC";
  auto weak = Plan();
  weak.imprint_hash = "SHA1";
  EXPECT_FALSE(Timestamp::Parse(fakes::Stamp(weak, authority_.stamper(), AsBytes("x"))).ok());
  // CVE-2025-66564: a response that is nothing but a giant object identifier.
  Bytes giant = {0x30, 0x83, 0x00, 0xff, 0xf0, 0x06, 0x83, 0x00, 0xff, 0xeb};
  giant.resize(0xfff5, 0x81);
  EXPECT_FALSE(Timestamp::Parse(giant).ok());
  EXPECT_EQ(ErrorCode::kLimit, Timestamp::Parse(Bytes(limits::kTimestampBytes + 1, 0x30)).error().code);
}

// What names a signer is clean text: a NUL or a line break in it would be read otherwise by somebody else.
TEST_F(CertificateTest, AlternativeNamesAreCleanText) {
  constexpr std::uint8_t kUri = 0x86, kOther = 0xa0, kDirectory = 0xa4;
  const auto names = [&](std::uint8_t kind, const Bytes& content) {
    Bytes san = {0x30, static_cast<std::uint8_t>(content.size() + 2), kind, static_cast<std::uint8_t>(content.size())};
    san.insert(san.end(), content.begin(), content.end());
    const auto certificate = Certificate::ParseDer(Leaf([&](auto& plan) {
      plan.alternative_names.clear();
      plan.extensions.push_back({"2.5.29.17", san, true});
    }));
    EXPECT_TRUE(certificate.ok());
    return certificate && certificate->AlternativeNames().ok();
  };
  EXPECT_TRUE(names(kUri, {'a', ':', 'b'}));
  for (const int bad : {0, 9, 10, 0x1f, 0x7f, 0x80, 0xff}) {
    EXPECT_FALSE(names(kUri, {'a', ':', static_cast<std::uint8_t>(bad), 'b'})) << bad;
  }
  EXPECT_FALSE(names(kUri, {}));
  EXPECT_FALSE(names(kDirectory, {0x30, 0}));
  // otherName { 1.2.3.4, [0] EXPLICIT text of this DER type }
  const auto other = [&](std::uint8_t type, std::uint8_t letter) {
    return names(kOther, {6, 3, 0x2a, 3, 4, 0xa0, 3, type, 1, letter});
  };
  EXPECT_TRUE(other(0x0c, 'x'));
  EXPECT_FALSE(other(0x16, 'x')) << "an IA5String";
  EXPECT_FALSE(other(0x0c, 0));
  EXPECT_FALSE(other(0x0c, 0xff)) << "no UTF-8";
}

// A chain is certificates and nothing else: what is named otherwise is none, whatever its bytes are.
TEST_F(CertificateTest, OnlyCertificatesAreReadFromPem) {
  const std::string pem = fakes::ToPem(Leaf());
  ASSERT_TRUE(Certificate::ParsePem(pem).ok());
  EXPECT_EQ(2U, Certificate::ParsePem(pem + pem)->size());
  std::string other = pem;
  for (auto at = other.find("CERTIFICATE"); at != std::string::npos; at = other.find("CERTIFICATE")) {
    other.replace(at, 11, "PUBLIC KEY");
  }
  EXPECT_FALSE(Certificate::ParsePem(other).ok());
  EXPECT_FALSE(Certificate::ParsePem(pem + other).ok());
  EXPECT_FALSE(Certificate::ParsePem("").ok());
  EXPECT_FALSE(Certificate::ParsePem("=" + pem.substr(1)).ok());
  EXPECT_FALSE(Certificate::ParsePem(pem + "x").ok());
  std::string ended_otherwise = pem;
  ended_otherwise.replace(ended_otherwise.rfind("CERTIFICATE"), 11, "CERTIFICATF");
  EXPECT_FALSE(Certificate::ParsePem(ended_otherwise).ok());
  std::string no_base64 = pem;
  no_base64[40] = '!';
  EXPECT_FALSE(Certificate::ParsePem(no_base64).ok());
  EXPECT_FALSE(Certificate::ParsePem("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n").ok());
  std::string many;
  for (std::size_t i = 0; i < limits::kCertificates; ++i) many += pem;
  EXPECT_TRUE(Certificate::ParsePem(many).ok());
  EXPECT_EQ(ErrorCode::kLimit, Certificate::ParsePem(many + pem).error().code);
}

}  // namespace
}  // namespace pullseal::crypto
