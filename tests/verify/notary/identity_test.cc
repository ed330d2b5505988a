// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/identity.h"

#include <gtest/gtest.h>

#include "verify/notary/limits.h"
#include "verify/notary/notary_fixture.h"

namespace pullseal::notary {
namespace {

using Subject = std::vector<std::pair<std::string, std::string>>;

crypto::Certificate Leaf(const Subject& subject, const std::string& common_name = "", const std::string& usages = "") {
  static const fakes::TestAuthority key;
  fakes::CertificatePlan plan = fakes::NotaryLeafPlan();
  plan.subject = subject;
  plan.common_name = common_name;
  plan.extended_key_usage = usages;
  return ReadCertificate(fakes::Mint(plan, key, std::nullopt).der);
}

const Subject kAcme = {{"C", "US"}, {"ST", "WA"}, {"O", "Acme"}};

bool Fits(const std::string& name, const crypto::Certificate& leaf) {
  const auto identity = Identity::ParseSubject(name);
  EXPECT_TRUE(identity.ok()) << name << ": " << (identity ? "" : identity.error().message);
  return identity && identity->Fits(leaf);
}

TEST(NotaryIdentityTest, NamesAreReadAsTrustPoliciesWriteThem) {
  const auto leaf = Leaf(kAcme, "release");
  for (const char* name :
       {"C=US, ST=WA, O=Acme", "C=US,ST=WA,O=Acme,CN=release", "CN=release;O=Acme;ST=WA;C=US", "C=US, S=WA, O=Acme",
        " C = US , ST= WA , O=Acme ", "C=\\55\\53, ST=WA, O=Acme", "C=US, ST=WA, O=Ac\\6de"}) {
    EXPECT_TRUE(Fits(name, leaf)) << name;
  }
  const auto odd = Leaf({{"C", "US"}, {"ST", "WA"}, {"O", "Acme, Inc. + Sons"}, {"OU", " a"}}, "#1");
  EXPECT_TRUE(Fits("C=US, ST=WA, O=Acme\\, Inc. \\+ Sons, OU=\\ a, CN=\\#1", odd));
  EXPECT_FALSE(Fits("C=US, ST=WA, O=Acme\\, Inc. \\+ Sons, OU=a", odd));
}

TEST(NotaryIdentityTest, NamesThatMeanSomethingElseAreRefused) {
  for (const char* name : {"",
                           "C=US",
                           "C=US, ST=WA",
                           "C=US, O=Acme",
                           "ST=WA, O=Acme",
                           "C=US, ST=WA, O=",
                           "C=US, ST=WA, O=Acme, OU=",
                           "C=US, ST=WA, O=Acme, O=Acme",
                           "C=US, ST=WA, S=WA, O=Acme",
                           "c=US, ST=WA, O=Acme",
                           "2.5.4.6=US, ST=WA, O=Acme",
                           "C=US, ST=WA, O=Acme+CN=x",
                           "C=US+ST=WA, O=Acme",
                           "C=US, ST=WA, O=Acme,",
                           "C=US, ST=WA, O=Acme, CN",
                           "C=US, ST=WA, O=Acme, DC=x",
                           "C=US, ST=WA, O=Acme\\",
                           "C=US, ST=WA, O=Acme\\4",
                           "C=US, ST=WA, O=Ac\\zz",
                           "C=US, ST=WA, O=\"Acme\"",
                           "C=US, ST=WA, O=<Acme>",
                           "*",
                           "C=US, ST=WA, O=\\ff"}) {
    EXPECT_FALSE(Identity::ParseSubject(name).ok()) << name;
  }
}

// CVE-2023-25656: a value in hexadecimal exhausted notation's memory.
TEST(NotaryIdentityTest, ValuesInHexadecimalAreRefusedUnread) {
  EXPECT_FALSE(Identity::ParseSubject("C=US, ST=WA, O=#0c0441636d65").ok());
  EXPECT_FALSE(Identity::ParseSubject("C=US, ST=WA, O= #0c0441636d65").ok());
  EXPECT_FALSE(Identity::ParseSubject("C=US, ST=WA, O=#3000000000").ok());
  const auto large = Identity::ParseSubject("C=US, ST=WA, O=" + std::string(limits::kDistinguishedNameBytes, 'x'));
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(ErrorCode::kLimit, large.error().code);
}

TEST(NotaryIdentityTest, ValuesAreComparedExactlyAndEachIsThereOnce) {
  const auto leaf = Leaf(kAcme, "release");
  EXPECT_FALSE(Fits("C=US, ST=WA, O=acme", leaf));
  EXPECT_FALSE(Fits("C=US, ST=WA, O=Acm", leaf));
  EXPECT_FALSE(Fits("C=US, ST=WA, O=Acme, OU=x", leaf));
  EXPECT_FALSE(Fits("C=US, ST=WA, O=Acme, CN=Release", leaf));
  const std::string named = "C=US, ST=WA, O=Acme, CN=release";
  // Two common names: notation takes the last, whoever reads the first is fooled.
  EXPECT_FALSE(Fits(named, Leaf({{"C", "US"}, {"ST", "WA"}, {"O", "Acme"}, {"CN", "evil"}}, "release")));
  EXPECT_FALSE(Fits(named, Leaf({{"C", "US"}, {"ST", "WA"}, {"O", "Acme"}, {"CN", "release"}}, "release")));
  EXPECT_FALSE(Fits(named, Leaf({{"C", "US"}, {"ST", "WA"}, {"O", "Evil"}, {"O", "Acme"}}, "release")));
  EXPECT_TRUE(Fits("C=US, ST=WA, O=Acme", Leaf({{"C", "US"}, {"ST", "WA"}, {"O", "Acme"}, {"OU", "a"}, {"OU", "b"}})));
  EXPECT_FALSE(
      Fits("C=US, ST=WA, O=Acme, OU=a", Leaf({{"C", "US"}, {"ST", "WA"}, {"O", "Acme"}, {"OU", "a"}, {"OU", "b"}})));
  // The same attribute joined to the one before.
  EXPECT_FALSE(Fits("C=US, ST=WA, O=Acme", Leaf({{"C", "US"}, {"ST", "WA"}, {"O", "Acme"}, {"+O", "Evil"}})));
  EXPECT_FALSE(Fits("C=US, ST=WA, O=Acme", Leaf({{"C", "US"}, {"ST", "WA"}, {"O", "Acme "}})));
}

TEST(NotaryIdentityTest, UsagesThatStandForOneSigner) {
  const std::string one = "1.3.6.1.4.1.311.97.990309390.766961637.194916062.941502583";
  const std::string own = "1.3.6.1.4.1.311.97.1.3.1.1234.5678";
  const auto leaf = Leaf(kAcme, "release", "codeSigning," + one + ",1.3.6.1.4.1.311.97.1.0," + own);
  EXPECT_TRUE(Identity::ParseUsage(one)->Fits(leaf));
  EXPECT_TRUE(Identity::ParseUsage(own)->Fits(leaf));
  EXPECT_FALSE(Identity::ParseUsage(one + ".1")->Fits(leaf));
  EXPECT_FALSE(Identity::ParseUsage("1.3.6.1.4.1.311.97.990309390.766961637")->Fits(leaf));
  EXPECT_FALSE(Identity::ParseUsage(one)->Fits(Leaf(kAcme, "release")));
  for (const char* shared : {"1.3.6.1.5.5.7.3.3", "1.3.6.1.4.1.311.97.1.0", "1.3.6.1.4.1.311.97.1.4.1.1",
                             "1.3.6.1.4.1.311.97.1.3.1", "1.3.6.1.4.1.311.97.5", "1.3.6.1.4.1.311.97", "2.5.29.37.0",
                             "1.3.6.1.4.1.311.971.1", "", "x", "1..3", "1.3.", "01.3.6"}) {
    EXPECT_FALSE(Identity::ParseUsage(shared).ok()) << shared;
  }
  EXPECT_TRUE(Identity::UnsafeUsage("1.3.6.1.5.5.7.3.3")->Fits(leaf));
  EXPECT_FALSE(Identity::UnsafeUsage("junk").ok());
}

TEST(NotaryIdentityTest, OverlapIsTold) {
  const auto subject = [](const char* text) { return *Identity::ParseSubject(text); };
  EXPECT_TRUE(subject("C=US, ST=WA, O=Acme").Overlaps(subject("C=US, ST=WA, O=Acme, CN=x")));
  EXPECT_TRUE(subject("C=US, ST=WA, O=Acme, CN=x").Overlaps(subject("O=Acme, ST=WA, C=US")));
  EXPECT_TRUE(Identity::UnsafeAnybody().Overlaps(subject("C=US, ST=WA, O=Acme")));
  EXPECT_FALSE(subject("C=US, ST=WA, O=Acme, CN=x").Overlaps(subject("C=US, ST=WA, O=Acme, L=x")));
  EXPECT_FALSE(subject("C=US, ST=WA, O=Acme, CN=x").Overlaps(subject("C=US, ST=WA, O=Acme, CN=y")));
  EXPECT_FALSE(Identity::UnsafeUsage("1.2.3")->Overlaps(Identity::UnsafeAnybody()));
}

TEST(NotaryIdentityTest, OneSignerHasOneName) {
  const std::string name = "C=US, ST=WA, O=Acme, OU=a, OU=b, CN=release";
  EXPECT_EQ(name, *SignerName(Leaf({{"O", "Acme"}, {"C", "US"}, {"OU", "b"}, {"OU", "a"}, {"ST", "WA"}}, "release")));
  EXPECT_EQ(name, *SignerName(Leaf({{"C", "US"}, {"ST", "WA"}, {"O", "Acme"}, {"OU", "a"}, {"OU", "b"}}, "release")));
  // Separators inside of a value are no separators.
  EXPECT_EQ("O=Acme\\, C\\=US", *SignerName(Leaf({{"O", "Acme, C=US"}})));
  EXPECT_FALSE(SignerName(Leaf({{"O", std::string("a\nb")}})).ok());
}

}  // namespace
}  // namespace pullseal::notary
