// SPDX-License-Identifier: Apache-2.0
// Which revocation lists are taken, and what they say.
#include "core/crypto/revocation_list.h"

#include <gtest/gtest.h>

#include "core/crypto/certificate_profile.h"
#include "core/crypto/limits.h"
#include "fakes/encoding.h"
#include "fakes/mint.h"
#include "fakes/notary_authority.h"

namespace pullseal::crypto {
namespace {

using fakes::Der;
using fakes::ListPlan;
using fakes::NotaryAuthority;

const NotaryAuthority& Acme() {
  static const NotaryAuthority authority;
  return authority;
}

ListPlan Plan() { return {.from = NotaryAuthority::Now(), .to = {}, .revoked = {Acme().leaf().der}}; }
Result<RevocationList> Read(const ListPlan& plan) { return RevocationList::Parse(fakes::MintList(plan, Acme().ca())); }
bool Taken(const ListPlan& plan) { return Read(plan).ok(); }

TEST(RevocationListTest, SaysWhomItLists) {
  ListPlan plan = Plan();
  plan.to = NotaryAuthority::Now() + std::chrono::hours(24);
  const auto list = Read(plan);
  ASSERT_TRUE(list.ok()) << list.error().message;
  EXPECT_EQ(1U, list->size());
  EXPECT_EQ(plan.from, list->this_update());
  EXPECT_EQ(plan.to, list->next_update());
  const auto leaf = *Certificate::ParseDer(Acme().leaf().der);
  const auto other = *Certificate::ParseDer(Acme().tsa().der);
  EXPECT_TRUE(list->Lists(IssuerAndSerialOf(leaf).serial));
  EXPECT_FALSE(list->Lists(IssuerAndSerialOf(other).serial));
  EXPECT_FALSE(list->Lists({}));
  const Bytes issuer = IssuerAndSerialOf(leaf).issuer;
  EXPECT_TRUE(std::ranges::equal(issuer, list->issuer()));
  EXPECT_TRUE(list->SignedBy(*Certificate::ParseDer(Acme().ca().der)->Key()));
  EXPECT_FALSE(list->SignedBy(*Certificate::ParseDer(Acme().root().der)->Key()));
}

TEST(RevocationListTest, AnEmptyListWithoutAnEndIsOne) {
  ListPlan plan = Plan();
  plan.revoked.clear();
  const auto list = Read(plan);
  ASSERT_TRUE(list.ok()) << list.error().message;
  EXPECT_EQ(0U, list->size());
  EXPECT_FALSE(list->next_update());
}

TEST(RevocationListTest, PartsOfListsAreTakenAndDifferencesAndOthersListsAreNot) {
  const auto with = [](const std::string& oid, Bytes content, bool critical) {
    ListPlan plan = Plan();
    plan.extensions = {{oid, std::move(content), critical}};
    return Taken(plan);
  };
  EXPECT_TRUE(with("2.5.29.20", fakes::DerNumber(7), false)) << "its number";
  EXPECT_TRUE(with("2.5.29.28", Der(0x30, {}), true)) << "a distribution point";
  EXPECT_TRUE(with("2.5.29.28", Der(0x30, {Der(0x81, {Bytes{0xff}})}), true)) << "of users alone";
  EXPECT_FALSE(with("2.5.29.28", Der(0x30, {Der(0x84, {Bytes{0xff}})}), true)) << "of other issuers";
  EXPECT_FALSE(with("2.5.29.28", Der(0x30, {Der(0x84, {Bytes{0xff}})}), false)) << "of other issuers";
  EXPECT_FALSE(with("2.5.29.28", Bytes{0x05}, true));
  EXPECT_FALSE(with("2.5.29.27", fakes::DerNumber(7), true)) << "differences";
  EXPECT_FALSE(with("1.2.3.4", Der(0x30, {}), true));
  ListPlan entry = Plan();
  entry.entry_extensions = {{"2.5.29.21", Der(0x0a, {Bytes{0x01}}), false}};
  EXPECT_TRUE(Taken(entry)) << "a reason";
  entry.entry_extensions = {{"2.5.29.29", Der(0x30, {}), true}};
  EXPECT_FALSE(Taken(entry)) << "another issuer's";
}

TEST(RevocationListTest, ItIsStrictAndSignedAsCertificatesAre) {
  ListPlan weak = Plan();
  weak.hash = "SHA1";
  EXPECT_FALSE(Taken(weak));
  const Bytes good = fakes::MintList(Plan(), Acme().ca());
  ASSERT_TRUE(RevocationList::Parse(good).ok());
  Bytes more = good;
  more.push_back(0);
  EXPECT_FALSE(RevocationList::Parse(more).ok());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(RevocationList::Parse(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))).ok());
  }
  EXPECT_FALSE(RevocationList::Parse(Acme().ca().der).ok()) << "a certificate";
  EXPECT_EQ(ErrorCode::kLimit, RevocationList::Parse(Bytes(limits::kRevocationListBytes + 1)).error().code);
}

}  // namespace
}  // namespace pullseal::crypto
