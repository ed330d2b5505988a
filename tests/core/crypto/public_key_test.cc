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

// Which hash goes with which key in which container: cosign's simple signing hashes by SHA-256 always, envelopes by the
// hash as long as the curve, or by SHA-256 where their signer is older.
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
    const bool other_hash = std::string(one.own_hash) != "SHA256";
    EXPECT_EQ(!other_hash, key->Verify(AsBytes("m"), signer.Sign("m", one.own_hash))) << one.key;
    if (std::string(one.key) != "ED25519") {
      EXPECT_FALSE(key->VerifyEnvelope(AsBytes("m"), signer.Sign("m", "SHA1"))) << one.key;
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
