// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/public_key.h"

#include <gtest/gtest.h>

#include "core/crypto/limits.h"
#include "fakes/test_authority.h"

namespace pullseal::crypto {
namespace {

using fakes::TestAuthority;

std::string Pem(const std::string& body) {
  return "-----BEGIN PUBLIC KEY-----\n" + body + "\n-----END PUBLIC KEY-----\n";
}

// Whichever SHA-2 goes with whichever key, in both containers: key files hash by SHA-256, vaults by the key's size,
// others by what they are told.
TEST(PublicKeyTest, HashesByKeyAndContainer) {
  struct Case {
    const char* key;
    PublicKey::Kind kind;
    const char* own_hash;
  };
  for (const Case& one :
       {Case{"P-256", PublicKey::Kind::kEcdsaP256, "SHA256"}, Case{"P-384", PublicKey::Kind::kEcdsaP384, "SHA384"},
        Case{"P-521", PublicKey::Kind::kEcdsaP521, "SHA512"}, Case{"RSA", PublicKey::Kind::kRsa, "SHA256"},
        Case{"RSA-4096", PublicKey::Kind::kRsa, "SHA256"}, Case{"ED25519", PublicKey::Kind::kEd25519, "SHA256"}}) {
    const TestAuthority signer(one.key);
    const auto key = PublicKey::ParsePem(signer.PublicPem());
    ASSERT_TRUE(key.ok()) << one.key << key.error().message;
    EXPECT_EQ(one.kind, key->kind());
    EXPECT_TRUE(key->Verify(AsBytes("m"), signer.Sign("m"))) << one.key;
    EXPECT_FALSE(key->Verify(AsBytes("n"), signer.Sign("m"))) << one.key;
    EXPECT_TRUE(key->VerifyEnvelope(AsBytes("m"), signer.Sign("m"))) << one.key;
    EXPECT_TRUE(key->VerifyEnvelope(AsBytes("m"), signer.Sign("m", one.own_hash))) << one.key;
    EXPECT_FALSE(key->VerifyEnvelope(AsBytes("n"), signer.Sign("m", one.own_hash))) << one.key;
    EXPECT_FALSE(key->VerifyEnvelope(AsBytes("m"), {})) << one.key;
    if (std::string(one.key) == "ED25519") continue;
    EXPECT_FALSE(key->VerifyEnvelope(AsBytes("m"), signer.Sign("m", "SHA1"))) << one.key;
    EXPECT_FALSE(key->Verify(AsBytes("m"), signer.Sign("m", "SHA1"))) << one.key;
    for (const auto& [name, hash] : {std::pair<const char*, Hash>{"SHA256", Hash::kSha256},
                                     {"SHA384", Hash::kSha384},
                                     {"SHA512", Hash::kSha512}}) {
      const Bytes signature = signer.Sign("m", name);
      EXPECT_TRUE(key->Verify(AsBytes("m"), signature)) << one.key << name;
      EXPECT_TRUE(key->VerifyEnvelope(AsBytes("m"), signature)) << one.key << name;
      EXPECT_FALSE(key->Verify(AsBytes("n"), signature)) << one.key << name;
      EXPECT_TRUE(key->VerifyDigest(hash, Digest(hash, AsBytes("m")), signature)) << one.key << name;
      EXPECT_EQ(hash, key->HashThatFits(AsBytes("m"), signature)) << one.key;
      EXPECT_FALSE(key->HashThatFits(AsBytes("n"), signature)) << one.key;
      EXPECT_FALSE(key->Only(hash == Hash::kSha256 ? Hash::kSha512 : Hash::kSha256)
                       .VerifyDigest(hash, Digest(hash, AsBytes("m")), signature));
      for (const Hash only : {Hash::kSha256, Hash::kSha384, Hash::kSha512}) {
        EXPECT_EQ(only == hash, key->Only(only).Verify(AsBytes("m"), signature)) << one.key << name;
        EXPECT_EQ(only == hash, key->Only(only).VerifyEnvelope(AsBytes("m"), signature)) << one.key << name;
      }
    }
  }
}

TEST(PublicKeyTest, PreHashedEd25519IsForEnvelopesOnly) {
  const TestAuthority signer("ED25519");
  const auto key = PublicKey::ParsePem(signer.PublicPem());
  ASSERT_TRUE(key.ok()) << key.error().message;
  Bytes signature = signer.SignEd25519ph("m");
  EXPECT_TRUE(key->VerifyEnvelope(AsBytes("m"), signature));
  EXPECT_FALSE(key->Verify(AsBytes("m"), signature));
  EXPECT_FALSE(key->VerifyEnvelope(AsBytes("n"), signature));
  signature.push_back(0);
  EXPECT_FALSE(key->VerifyEnvelope(AsBytes("m"), signature));
}

// DER of SEQUENCE { INTEGER first half, INTEGER second half }.
Bytes InHalves(const Bytes& signature) {
  const auto wrap = [](std::uint8_t tag, const Bytes& content) {
    Bytes out = {tag};
    out.reserve(content.size() + 4);
    if (content.size() >= 256) {
      out.push_back(0x82);
      out.push_back(static_cast<std::uint8_t>(content.size() >> 8));
    } else if (content.size() >= 128) {
      out.push_back(0x81);
    }
    out.push_back(static_cast<std::uint8_t>(content.size()));
    out.insert(out.end(), content.begin(), content.end());
    return out;
  };
  const auto integer = [&](auto begin, auto end) {
    while (begin != end && *begin == 0) ++begin;
    Bytes content(begin, end);
    if (!content.empty() && content.front() < 0x80) return wrap(2, content);
    Bytes padded(1, 0);
    padded.insert(padded.end(), content.begin(), content.end());
    return wrap(2, padded);
  };
  const auto middle = signature.begin() + static_cast<std::ptrdiff_t>(signature.size() / 2);
  Bytes both = integer(signature.begin(), middle);
  const Bytes second = integer(middle, signature.end());
  both.insert(both.end(), second.begin(), second.end());
  return wrap(0x30, both);
}

// What cosign made of signatures by Azure's RSA keys until sigstore 1.10.9.
TEST(PublicKeyTest, RsaSignaturesInHalves) {
  for (const char* size : {"RSA", "RSA-3072", "RSA-4096"}) {
    const TestAuthority signer(size);
    const auto key = PublicKey::ParsePem(signer.PublicPem());
    ASSERT_TRUE(key.ok());
    for (const char* hash : {"SHA256", "SHA384", "SHA512"}) {
      Bytes halves = InHalves(signer.Sign("m", hash));
      EXPECT_TRUE(key->Verify(AsBytes("m"), halves)) << size << hash;
      EXPECT_FALSE(key->Verify(AsBytes("n"), halves)) << size << hash;
      EXPECT_FALSE(key->VerifyEnvelope(AsBytes("m"), halves)) << "of simple signing only";
      halves.push_back(0);
      EXPECT_FALSE(key->Verify(AsBytes("m"), halves)) << size << hash;
    }
    EXPECT_TRUE(key->Only(Hash::kSha384).Verify(AsBytes("m"), InHalves(signer.Sign("m", "SHA384"))));
    EXPECT_FALSE(key->Only(Hash::kSha256).Verify(AsBytes("m"), InHalves(signer.Sign("m", "SHA384"))));
    EXPECT_FALSE(key->Verify(AsBytes("m"), Bytes{0x30, 6, 2, 1, 0xff, 2, 1, 1})) << "a number below zero";
    EXPECT_FALSE(key->Verify(AsBytes("m"), InHalves(Bytes(1024, 0xff)))) << "longer than the key";
  }
}

// The bare form stands in a SubjectPublicKeyInfo behind 24 bytes that say what it is.
TEST(PublicKeyTest, NothingStandsBehindABareRsaKey) {
  const TestAuthority signer("RSA");
  const Bytes info = PublicKey::ParsePem(signer.PublicPem())->Der();
  Bytes bare(info.begin() + 24, info.end());
  const auto key = PublicKey::ParsePkcs1(bare);
  ASSERT_TRUE(key.ok()) << key.error().message;
  EXPECT_TRUE(key->Verify(AsBytes("m"), signer.Sign("m")));
  bare.push_back(0);
  EXPECT_FALSE(PublicKey::ParsePkcs1(bare).ok());
}

TEST(PublicKeyTest, VerifiesItsOwnSignatureOnly) {
  const TestAuthority signer;
  const TestAuthority other;
  const auto key = PublicKey::ParsePem(signer.PublicPem());
  ASSERT_TRUE(key.ok()) << key.error().message;
  EXPECT_TRUE(key->Verify(AsBytes("message"), signer.Sign("message")));
  EXPECT_FALSE(key->Verify(AsBytes("messagE"), signer.Sign("message")));
  EXPECT_FALSE(key->Verify(AsBytes("message"), other.Sign("message")));
}

TEST(PublicKeyTest, RefusesSignaturesThatAreNotStrictDer) {
  const TestAuthority signer;
  const auto key = PublicKey::ParsePem(signer.PublicPem());
  ASSERT_TRUE(key.ok());
  const Bytes good = signer.Sign("message");
  Bytes trailing = good;
  trailing.push_back(0);
  EXPECT_FALSE(key->Verify(AsBytes("message"), trailing));
  EXPECT_FALSE(key->Verify(AsBytes("message"), Bytes(good.begin(), good.end() - 1)));
  EXPECT_FALSE(key->Verify(AsBytes("message"), {}));
  EXPECT_FALSE(key->Verify(AsBytes("message"), Bytes(64, 0)));
  Bytes zero = {0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00};
  EXPECT_FALSE(key->Verify(AsBytes("message"), zero));
}

TEST(PublicKeyTest, SaysWhyAKeyIsRefused) {
  const TestAuthority p256;
  const auto why = [](const std::string& pem) {
    const auto key = PublicKey::ParsePem(pem);
    return key ? std::string("accepted") : key.error().message;
  };
  EXPECT_NE(std::string::npos, why(p256.PrivatePem()).find("private key"));
  EXPECT_NE(std::string::npos, why(p256.PublicPem() + p256.PublicPem()).find("more than one"));
  EXPECT_NE(std::string::npos, why(TestAuthority("P-224").PublicPem()).find("curve"));
  EXPECT_NE(std::string::npos, why(TestAuthority("secp256k1").PublicPem()).find("curve"));
  EXPECT_NE(std::string::npos, why(TestAuthority("RSA-1024").PublicPem()).find("1024 bits"));
  EXPECT_NE(std::string::npos, why(TestAuthority("RSA-4104").PublicPem()).find("4104 bits"));
  // SubjectPublicKeyInfo of X25519, and of Ed25519 with the neutral element, which verifies what nobody signed.
  const std::string x25519 = "MCowBQYDK2VuAyEA" + std::string(42, 'A') + "E=";
  EXPECT_NE(std::string::npos, why(Pem(x25519)).find("type X25519")) << why(Pem(x25519));
  const std::string neutral = "MCowBQYDK2VwAyEAAQ" + std::string(41, 'A') + "=";
  EXPECT_NE(std::string::npos, why(Pem(neutral)).find("not a sound")) << why(Pem(neutral));
  EXPECT_NE(std::string::npos, why("").find("PUBLIC KEY"));
  EXPECT_NE(std::string::npos, why("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").find("readable"));
  EXPECT_NE(std::string::npos, why("-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n").find("base64"));
  EXPECT_NE(std::string::npos, why("x" + p256.PublicPem()).find("PEM"));
  EXPECT_NE(std::string::npos, why(std::string(limits::kKeyBytes + 1, ' ')).find("too large"));
}

TEST(PublicKeyTest, FingerprintTellsKeysApart) {
  const TestAuthority a;
  const TestAuthority b;
  EXPECT_EQ(PublicKey::ParsePem(a.PublicPem())->Fingerprint(),
            PublicKey::ParsePem("\n" + a.PublicPem() + "\n")->Fingerprint());
  EXPECT_NE(PublicKey::ParsePem(a.PublicPem())->Fingerprint(), PublicKey::ParsePem(b.PublicPem())->Fingerprint());
}

}  // namespace
}  // namespace pullseal::crypto
