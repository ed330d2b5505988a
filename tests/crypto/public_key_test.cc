#include "crypto/public_key.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "fakes/test_authority.h"

namespace pullseal::crypto {
namespace {

using fakes::TestAuthority;

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
  EXPECT_NE(std::string::npos, why(TestAuthority("P-384").PublicPem()).find("curve"));
  EXPECT_NE(std::string::npos, why(TestAuthority("secp256k1").PublicPem()).find("curve"));
  EXPECT_NE(std::string::npos, why(TestAuthority("RSA").PublicPem()).find("type RSA"));
  EXPECT_NE(std::string::npos, why(TestAuthority("ED25519").PublicPem()).find("type"));
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
