// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/artifact.h"

#include <gtest/gtest.h>

#include "core/crypto/hash.h"
#include "fakes/sigstore_authority.h"
#include "verify/sigstore/verify.h"

namespace pullseal::sigstore {
namespace {

using fakes::SigstoreAuthority;

Artifact Known(const std::string& text) {
  const ByteView bytes = AsBytes(text);
  return {Bytes(bytes.begin(), bytes.end()), crypto::Digest(crypto::Hash::kSha256, bytes)};
}
Artifact DigestOnly(const std::string& text) { return {std::nullopt, Known(text).sha256}; }

class ArtifactTest : public ::testing::Test {
 protected:
  ErrorCode Bound(const std::string& bundle, const Artifact& artifact) {
    const auto parsed = Bundle::Parse(AsBytes(bundle));
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    material_ = *SignedMaterial::FromBundle(*parsed);
    const auto bound = Bind(*parsed, artifact, material_);
    return bound ? ErrorCode::kUnavailable : bound.error().code;  // kUnavailable stands for "bound"
  }
  bool Verified() {
    const auto trusted = TrustedMaterial::Make(*TrustedRoot::Parse(authority_.TrustedRoot()));
    return VerifyCertificate(material_, *trusted, Demands{}).proof.has_value();
  }
  static constexpr ErrorCode kBound = ErrorCode::kUnavailable;
  const SigstoreAuthority authority_;
  SignedMaterial material_;
};

TEST_F(ArtifactTest, MessagesAreTheArtifact) {
  auto signature = authority_.SignMessage("artifact");
  EXPECT_EQ(kBound, Bound(signature.Bundle(), Known("artifact")));
  EXPECT_TRUE(Verified());
  EXPECT_EQ(kBound, Bound(signature.Bundle(), DigestOnly("artifact")));
  EXPECT_TRUE(Verified());
  EXPECT_EQ(ErrorCode::kMismatch, Bound(signature.Bundle(), Known("other")));
  EXPECT_EQ(ErrorCode::kMismatch, Bound(signature.Bundle(), DigestOnly("other")));
  // The digest beside the signature is a hint: what is verified is the artifact.
  signature.message_digest = Known("other").sha256;
  EXPECT_EQ(kBound, Bound(signature.Bundle(), Known("other")));
  EXPECT_FALSE(Verified());
  signature.message_digest.clear();
  EXPECT_EQ(kBound, Bound(signature.Bundle(), Known("artifact")));
  EXPECT_TRUE(Verified());
}

// A bundle with a certificate is signed by that: its key alone, outside of its minutes and its identity, is nobody's.
TEST_F(ArtifactTest, ABundlesCertificateIsNoKey) {
  ASSERT_EQ(kBound, Bound(authority_.SignMessage("artifact").Bundle(), Known("artifact")));
  const auto key = material_.certificate->Key();
  ASSERT_TRUE(key.ok()) << key.error().message;
  ASSERT_TRUE(material_.SignedBy(*key));
  const auto by_key = VerifyKey(material_, *key, nullptr, Demands{0, 0, 0});
  EXPECT_FALSE(by_key.proof.has_value());
  EXPECT_EQ(signature::Flaw::kSignature, by_key.flaw);
}

// What is not bound to an artifact is over nothing that is known.
TEST_F(ArtifactTest, AnUnboundMessageVerifiesForNobody) {
  material_ = *SignedMaterial::FromBundle(*Bundle::Parse(AsBytes(authority_.SignMessage("artifact").Bundle())));
  EXPECT_FALSE(Verified());
  EXPECT_FALSE(material_.MessageDigest(crypto::Hash::kSha256).ok());
}

// A statement may name many subjects, and any of them is meant (sigstore-rs #588).
TEST_F(ArtifactTest, StatementsNameTheArtifactAmongTheirSubjects) {
  const std::string sha256 = HexEncode(Known("artifact").sha256);
  const std::string sha512 = HexEncode(crypto::Digest(crypto::Hash::kSha512, AsBytes("artifact")));
  const auto statement = [&](const std::string& subjects) {
    return authority_
        .SignEnvelope(R"({"_type":"https://in-toto.io/Statement/v1","subject":[)" + subjects +
                      R"(],"predicateType":"https://example.com/p","predicate":{}})")
        .Bundle();
  };
  const std::string other = R"({"name":"a","digest":{"sha256":")" + std::string(64, '0') + "\"}}";
  EXPECT_EQ(kBound, Bound(statement(R"({"digest":{"sha256":")" + sha256 + "\"}}"), Known("artifact")));
  EXPECT_TRUE(Verified());
  EXPECT_EQ(kBound, Bound(statement(other + R"(,{"digest":{"sha256":")" + sha256 + "\"}}"), DigestOnly("artifact")));
  EXPECT_EQ(kBound, Bound(statement(R"({"digest":{"sha512":")" + sha512 + "\"}}"), Known("artifact")));
  EXPECT_EQ(ErrorCode::kMismatch,
            Bound(statement(R"({"digest":{"sha512":")" + sha512 + "\"}}"), DigestOnly("artifact")));
  EXPECT_EQ(ErrorCode::kMismatch, Bound(statement(other), Known("artifact")));
  EXPECT_EQ(ErrorCode::kMismatch, Bound(statement(R"({"digest":{"md5":")" + sha256 + "\"}}"), Known("artifact")));
  EXPECT_EQ(ErrorCode::kInvalid, Bound(authority_.SignEnvelope("{}").Bundle(), Known("artifact")));
}

TEST_F(ArtifactTest, ListsAreBounded) {
  const auto refused = [&](const fakes::SigstoreSignature& signature) {
    const auto parsed = Bundle::Parse(AsBytes(signature.Bundle()));
    return !parsed && parsed.error().code == ErrorCode::kLimit;
  };
  auto signature = authority_.SignMessage("artifact", {.stamped = true});
  const auto good = signature;
  signature.entries.assign(32, good.entries[0]);
  signature.timestamps.assign(32, good.timestamps[0]);
  EXPECT_FALSE(refused(signature));
  signature.entries.assign(33, good.entries[0]);
  EXPECT_TRUE(refused(signature));
  signature = good;
  signature.timestamps.assign(33, good.timestamps[0]);
  EXPECT_TRUE(refused(signature));
  signature = good;
  signature.entries[0].hashes.assign(65, Bytes(32, 1));
  EXPECT_TRUE(refused(signature));
}

}  // namespace
}  // namespace pullseal::sigstore
