// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/certificate_timestamp.h"

#include <gtest/gtest.h>

#include "fakes/mint.h"
#include "fakes/sigstore_authority.h"
#include "verify/sigstore/limits.h"

namespace pullseal::sigstore {
namespace {

using Promises = Result<std::vector<CertificateTimestamp>>;

// A SignedCertificateTimestamp (RFC 6962 section 3.2), open to change.
struct Promise {
  std::uint8_t version = 0;
  std::uint64_t milliseconds = 1'780'000'000'000;
  std::uint8_t hash = 4;       // SHA-256
  std::uint8_t algorithm = 3;  // ECDSA
  Bytes signature = Bytes(70, 1);
  Bytes behind;

  Bytes Write() const {
    Bytes out = {version};
    out.insert(out.end(), 32, 7);
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(milliseconds >> shift));
    out.insert(out.end(), {0, 0, hash, algorithm, 0, static_cast<std::uint8_t>(signature.size())});
    out.insert(out.end(), signature.begin(), signature.end());
    out.insert(out.end(), behind.begin(), behind.end());
    return out;
  }
};

void AppendLength(Bytes& out, std::size_t size) {
  out.insert(out.end(), {static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
}

// The list as it stands in the extension's octet string: its length, then each promise with its own.
Bytes List(const std::vector<Promise>& promises) {
  Bytes inside;
  for (const Promise& one : promises) {
    const Bytes bytes = one.Write();
    AppendLength(inside, bytes.size());
    inside.insert(inside.end(), bytes.begin(), bytes.end());
  }
  Bytes out;
  AppendLength(out, inside.size());
  out.insert(out.end(), inside.begin(), inside.end());
  return out;
}

// What a certificate with this list is read as.
Promises Read(const Bytes& list) {
  static const fakes::TestAuthority key;
  static const fakes::SigstoreAuthority authority;
  Bytes content = {0x04, 0x82};  // OCTET STRING
  if (list.size() < 0x80) {
    content = {0x04};
    content.push_back(static_cast<std::uint8_t>(list.size()));
  } else if (list.size() < 0x100) {
    content = {0x04, 0x81};
    content.push_back(static_cast<std::uint8_t>(list.size()));
  } else {
    AppendLength(content, list.size());
  }
  content.insert(content.end(), list.begin(), list.end());
  fakes::CertificatePlan plan;
  plan.from = fakes::SigstoreAuthority::Start();
  plan.to = plan.from + std::chrono::minutes(10);
  plan.extensions.push_back({"1.3.6.1.4.1.11129.2.4.2", content, false});
  const auto certificate = crypto::Certificate::ParseDer(fakes::Mint(plan, key, authority.intermediate()).der);
  if (!certificate) return certificate.error();
  return CertificateTimestamp::EmbeddedIn(*certificate);
}

TEST(CertificateTimestampTest, IsReadAsItStands) {
  const auto promises = Read(List({{}, {.milliseconds = 1'780'000'000'001, .algorithm = 1}}));
  ASSERT_TRUE(promises.ok()) << promises.error().message;
  ASSERT_EQ(2U, promises->size());
  EXPECT_EQ(Bytes(32, 7), (*promises)[0].log_id);
  EXPECT_EQ(WallTime{} + std::chrono::milliseconds(1'780'000'000'000), (*promises)[0].time);
  EXPECT_EQ(Bytes(70, 1), (*promises)[0].signature);
  EXPECT_TRUE(Read(List({}))->empty());
}

// Times that the clock's type does not hold would wrap around to some that a log was valid at.
TEST(CertificateTimestampTest, AnImpossibleTimeIsRefused) {
  EXPECT_TRUE(Read(List({{.milliseconds = 9'000'000'000'000}})).ok());
  EXPECT_FALSE(Read(List({{.milliseconds = 9'000'000'000'001}})).ok());
  EXPECT_FALSE(Read(List({{.milliseconds = ~std::uint64_t{0}}})).ok());
  EXPECT_FALSE(Read(List({{}, {.milliseconds = 1'780'000'000'000 + (std::uint64_t{1} << 63)}})).ok());
}

TEST(CertificateTimestampTest, OnlyKnownFormsAreRead) {
  EXPECT_FALSE(Read(List({{.version = 1}})).ok());
  EXPECT_FALSE(Read(List({{.hash = 2}})).ok()) << "SHA-1";
  EXPECT_FALSE(Read(List({{.algorithm = 2}})).ok()) << "DSA";
  EXPECT_FALSE(Read(List({{.signature = {}}})).ok());
}

TEST(CertificateTimestampTest, EachEndsWhereItShould) {
  EXPECT_FALSE(Read(List({{.behind = {0}}})).ok());
  Bytes cut = List({{}});
  cut.pop_back();
  EXPECT_FALSE(Read(cut).ok());
}

TEST(CertificateTimestampTest, TheListEndsWhereItShould) {
  Bytes list = List({{}});
  list.push_back(0);
  EXPECT_FALSE(Read(list).ok()) << "a byte behind the list";
  list[1] = static_cast<std::uint8_t>(list[1] + 1);
  EXPECT_FALSE(Read(list).ok()) << "half a length in the list";
  Bytes beyond = List({{}});
  beyond[3] = static_cast<std::uint8_t>(beyond[3] + 1);
  EXPECT_FALSE(Read(beyond).ok()) << "an entry that reaches beyond the list";
  EXPECT_FALSE(Read({}).ok());
  EXPECT_FALSE(Read({0}).ok());
}

TEST(CertificateTimestampTest, TheListIsBounded) {
  EXPECT_EQ(limits::kCertificateTimestamps, Read(List(std::vector<Promise>(limits::kCertificateTimestamps)))->size());
  const auto many = Read(List(std::vector<Promise>(limits::kCertificateTimestamps + 1)));
  ASSERT_FALSE(many.ok());
  EXPECT_EQ(ErrorCode::kLimit, many.error().code);
}

}  // namespace
}  // namespace pullseal::sigstore
