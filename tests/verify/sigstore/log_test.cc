// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/crypto/hash.h"
#include "fakes/transparency_log.h"
#include "verify/sigstore/checkpoint.h"
#include "verify/sigstore/entry_body.h"
#include "verify/sigstore/limits.h"
#include "verify/sigstore/merkle.h"

namespace pullseal::sigstore {
namespace {

Bytes Hash(const Bytes& bytes) { return crypto::Digest(crypto::Hash::kSha256, bytes); }
Bytes Leaf(std::uint8_t value) { return Hash({0, value}); }
Bytes Node(const Bytes& left, const Bytes& right) {
  Bytes input = {1};
  input.insert(input.end(), left.begin(), left.end());
  input.insert(input.end(), right.begin(), right.end());
  return Hash(input);
}

// The tree of seven leaves of RFC 9162 section 2.1.5, worked out by hand.
TEST(MerkleTest, EveryLeafOfSevenLeadsToTheRoot) {
  const Bytes a = Leaf(0), b = Leaf(1), c = Leaf(2), d = Leaf(3), e = Leaf(4), f = Leaf(5), j = Leaf(6);
  const Bytes g = Node(a, b), h = Node(c, d), i = Node(e, f);
  const Bytes k = Node(g, h), l = Node(i, j);
  const Bytes root = Node(k, l);
  const std::vector<std::vector<Bytes>> paths = {{b, h, l}, {a, h, l}, {d, g, l}, {c, g, l},
                                                 {f, j, k}, {e, j, k}, {i, k}};
  for (std::uint8_t index = 0; index < 7; ++index) {
    const auto computed = RootOfInclusion(Bytes{index}, index, 7, paths[index]);
    ASSERT_TRUE(computed.ok()) << computed.error().message;
    EXPECT_EQ(root, *computed) << int{index};
  }
  EXPECT_EQ(a, *RootOfInclusion(Bytes{0}, 0, 1, {}));
}

TEST(MerkleTest, ProofsOfTheWrongShapeAreRefused) {
  const Bytes hash(32, 1);
  EXPECT_FALSE(RootOfInclusion(Bytes{0}, 0, 0, {}).ok());
  EXPECT_FALSE(RootOfInclusion(Bytes{0}, -1, 1, {}).ok());
  EXPECT_FALSE(RootOfInclusion(Bytes{0}, 1, 1, {}).ok());
  EXPECT_FALSE(RootOfInclusion(Bytes{0}, 0, 1, {hash}).ok());
  EXPECT_FALSE(RootOfInclusion(Bytes{0}, 0, 2, {}).ok());
  EXPECT_FALSE(RootOfInclusion(Bytes{0}, 0, 2, {hash, hash}).ok());
  EXPECT_FALSE(RootOfInclusion(Bytes{0}, 0, 2, {Bytes(31, 1)}).ok());
  EXPECT_FALSE(RootOfInclusion(Bytes{0}, 6, 7, {hash, hash, hash}).ok());
  // The largest tree there can be: 63 hashes lead to its root.
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_TRUE(RootOfInclusion(Bytes{0}, 0, kMost, std::vector<Bytes>(63, hash)).ok());
  EXPECT_FALSE(RootOfInclusion(Bytes{0}, 0, kMost, std::vector<Bytes>(64, hash)).ok());
}

class CheckpointTest : public ::testing::Test {
 protected:
  const std::string root_ = Base64Encode(Bytes(32, 7));
  const std::string text_ = "log.test\n42\n" + root_ + "\n";
  const fakes::TransparencyLog log_{2, "log.test", "ED25519"};
  Bytes Hint() const { return Bytes(log_.id().begin(), log_.id().begin() + 4); }
  bool Signed(const std::string& note, const std::string& name = "log.test") const {
    const auto checkpoint = Checkpoint::Parse(note);
    const auto key = crypto::PublicKey::ParseDer(log_.key().PublicDer());
    return checkpoint && checkpoint->SignedBy(name, Hint(), *key);
  }
};

TEST_F(CheckpointTest, IsReadAsTheNoteFormatSays) {
  const auto checkpoint = Checkpoint::Parse(log_.SignCheckpoint(text_));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
  EXPECT_EQ("log.test", checkpoint->origin);
  EXPECT_EQ(42, checkpoint->size);
  EXPECT_EQ(Bytes(32, 7), checkpoint->root_hash);
  EXPECT_EQ(text_, checkpoint->text);
  EXPECT_TRUE(Signed(log_.SignCheckpoint(text_)));
  EXPECT_TRUE(Signed(log_.SignCheckpoint(text_ + "Timestamp: 1\nmore\n"))) << "further lines are signed, too";
}

TEST_F(CheckpointTest, OnlyTheLogsOwnSignatureCounts) {
  const std::string witness = "\u2014 witness.example/w1 " + Base64Encode(Bytes(76, 4)) + "\n";
  const std::string stranger = "\u2014 log.test " + Base64Encode(Bytes(68, 9)) + "\n";
  EXPECT_TRUE(Signed(text_ + "\n" + witness + stranger + log_.SignatureLine(text_) + witness));
  EXPECT_FALSE(Signed(text_ + "\n" + witness));
  EXPECT_FALSE(Signed(text_ + "\n" + stranger));
  EXPECT_FALSE(Signed(log_.SignCheckpoint(text_), "other.test"));
  std::string hint = log_.SignCheckpoint(text_);
  const auto at = hint.rfind(' ') + 1;
  hint[at] = hint[at] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(Signed(hint)) << "another key's hint";
  EXPECT_FALSE(Signed(text_ + "more\n\n" + log_.SignatureLine(text_)));
}

TEST_F(CheckpointTest, MalformedNotesAreRefused) {
  const std::string line = log_.SignatureLine(text_);
  const std::string bad[] = {"",
                             "\n\n",
                             text_,
                             text_ + "\n",
                             "\n42\n" + root_ + "\n\n" + line,
                             "log.test\n42\n\n" + line,
                             "log.test\n" + root_ + "\n\n" + line,
                             "log.test\n042\n" + root_ + "\n\n" + line,
                             "log.test\n-1\n" + root_ + "\n\n" + line,
                             "log.test\n9223372036854775808\n" + root_ + "\n\n" + line,
                             "log.test\n42 \n" + root_ + "\n\n" + line,
                             "log.test\n42\nAAAA\n\n" + line,
                             text_ + "\n" + line.substr(0, line.size() - 1),
                             text_ + "\n- log.test AAAAAAAA\n",
                             text_ + "\n\u2014 log.test\n",
                             text_ + "\n\u2014  AAAAAAAA\n",
                             text_ + "\n\u2014 log.test AAAA\n",
                             text_ + "\n\u2014 log.test !!!!\n"};
  for (const std::string& note : bad) EXPECT_FALSE(Checkpoint::Parse(note).ok()) << note;
  std::string many = text_ + "\n";
  for (std::size_t i = 0; i <= limits::kCheckpointLines; ++i) many += line;
  EXPECT_EQ(ErrorCode::kLimit, Checkpoint::Parse(many).error().code);
  EXPECT_EQ(ErrorCode::kLimit, Checkpoint::Parse(std::string(limits::kCheckpointBytes + 1, 'x')).error().code);
}

TEST(EntryBodyTest, OnlyKnownKindsAreRead) {
  const auto kind = [](const std::string& text) { return EntryBody::Parse(AsBytes(text)).ok(); };
  EXPECT_TRUE(kind(R"({"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}})"));
  EXPECT_TRUE(kind(R"({"apiVersion":"0.0.2","kind":"intoto","spec":{}})"));
  for (const char* bad :
       {"", "{}", "[]", "null", R"({"apiVersion":"0.0.3","kind":"hashedrekord","spec":{}})",
        R"({"apiVersion":"0.0.2","kind":"dsse","spec":{}})", R"({"apiVersion":"0.0.1","kind":"rpm","spec":{}})",
        R"({"apiVersion":"0.0.1","kind":"dsse","spec":null})", R"({"apiVersion":"0.0.1","kind":"dsse","spec":[]})",
        R"({"apiVersion":"0.0.1","kind":"dsse","kind":"dsse","spec":{}})",
        R"({"apiVersion":1,"kind":"dsse","spec":{}})",
        R"({"apiVersion":"0.0.1","kind":"dsse","spec":{}} )"
        "x"}) {
    EXPECT_FALSE(kind(bad)) << bad;
  }
  EXPECT_EQ(ErrorCode::kLimit, EntryBody::Parse(Bytes(limits::kEntryBodyBytes + 1, ' ')).error().code);
}

// Legacy attestations: the entry holds the envelope's hash and the signer.
TEST(EntryBodyTest, OldInTotoEntriesAreAboutTheWholeEnvelope) {
  const fakes::TestAuthority signer;
  const fakes::TestAuthority other;
  const auto key = *crypto::PublicKey::ParsePem(signer.PublicPem());
  SignedMaterial material;
  material.form = SignedMaterial::LayerEnvelope{{}, {}, Bytes{'{', '}'}};
  const auto body = [&](const std::string& hash, const std::string& pem) {
    return *EntryBody::Parse(
        AsBytes(R"({"apiVersion":"0.0.1","kind":"intoto","spec":{"content":{"hash":{"algorithm":"sha256","value":")" +
                hash + R"("}},"publicKey":")" + Base64Encode(AsBytes(pem)) + "\"}}"));
  };
  const std::string hash = HexEncode(Hash(*material.layer()));
  EXPECT_TRUE(body(hash, signer.PublicPem()).IsAbout(material, key).ok());
  EXPECT_EQ(ErrorCode::kMismatch, body(std::string(64, '0'), signer.PublicPem()).IsAbout(material, key).error().code);
  EXPECT_EQ(ErrorCode::kMismatch, body(hash, other.PublicPem()).IsAbout(material, key).error().code);
  material.form = SignedMaterial::BundledEnvelope{};
  EXPECT_EQ(ErrorCode::kMismatch, body(hash, signer.PublicPem()).IsAbout(material, key).error().code);
}

// A hashedrekord of version 0.0.1 is about a message, though an envelope's signed bytes have a digest too.
TEST(EntryBodyTest, HashedRekordsAreAboutMessages) {
  const fakes::TestAuthority signer;
  const auto key = *crypto::PublicKey::ParsePem(signer.PublicPem());
  const Bytes signed_bytes = {'m'};
  SignedMaterial material;
  material.signature = Bytes{'s'};
  const auto body = EntryBody::Parse(
      AsBytes(R"({"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":")" +
              HexEncode(Hash(signed_bytes)) + R"("}},"signature":{"content":")" + Base64Encode(material.signature) +
              R"(","publicKey":{"content":")" + Base64Encode(AsBytes(signer.PublicPem())) + "\"}}}}"));
  ASSERT_TRUE(body.ok()) << body.error().message;
  material.form = SignedMaterial::Message{signed_bytes};
  EXPECT_TRUE(body->IsAbout(material, key).ok());
  for (const SignedMaterial::Form& envelope :
       {SignedMaterial::Form(SignedMaterial::BundledEnvelope{signed_bytes, {}}),
        SignedMaterial::Form(SignedMaterial::LayerEnvelope{signed_bytes, {}, {}})}) {
    material.form = envelope;
    EXPECT_EQ(ErrorCode::kMismatch, body->IsAbout(material, key).error().code);
  }
}

// Rekor v2 names its verifier as a certificate or as a key; an entry that names both, or neither, is about nobody.
class EntryOfRekorV2Test : public ::testing::Test {
 protected:
  EntryOfRekorV2Test() {
    material_.form = SignedMaterial::Message{message_};
    material_.signature = Bytes{'s'};
  }
  Status IsAbout(const std::string& verifier, const Bytes& digest, const std::string& algorithm = "SHA2_256") const {
    const auto body = EntryBody::Parse(
        AsBytes(R"({"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":")" +
                algorithm + R"(","digest":")" + Base64Encode(digest) + R"("},"signature":{"content":")" +
                Base64Encode(material_.signature) + R"(","verifier":{)" + verifier + "}}}}}"));
    return body ? body->IsAbout(material_, key_) : Status(body.error());
  }
  static std::string Named(const char* what, const Bytes& der) {
    return "\"" + std::string(what) + R"(":{"rawBytes":")" + Base64Encode(der) + "\"}";
  }
  const Bytes message_ = {'m'};
  const fakes::TestAuthority signer_;
  const crypto::PublicKey key_ = *crypto::PublicKey::ParsePem(signer_.PublicPem());
  SignedMaterial material_;
};

TEST_F(EntryOfRekorV2Test, HasExactlyOneVerifier) {
  const Bytes digest = Hash(message_);
  const std::string key = Named("publicKey", key_.Der());
  EXPECT_TRUE(IsAbout(key, digest).ok());
  EXPECT_FALSE(IsAbout("", digest).ok());
  EXPECT_FALSE(IsAbout(key + "," + Named("x509Certificate", Bytes{1}), digest).ok());
  const auto certificate = Named("x509Certificate", key_.Der());
  EXPECT_EQ(ErrorCode::kMismatch, IsAbout(certificate, digest).error().code) << "a key is no certificate";
  EXPECT_EQ(ErrorCode::kInvalid, IsAbout(key + "," + certificate, digest).error().code);
}

TEST_F(EntryOfRekorV2Test, IsAboutThisContent) {
  const std::string key = Named("publicKey", key_.Der());
  EXPECT_EQ(ErrorCode::kMismatch, IsAbout(key, Bytes(32, 1)).error().code);
  EXPECT_EQ(ErrorCode::kInvalid, IsAbout(key, Hash(message_), "SHA1").error().code);
  const fakes::TestAuthority other;
  EXPECT_EQ(ErrorCode::kMismatch, IsAbout(Named("publicKey", other.PublicDer()), Hash(message_)).error().code);
}

}  // namespace
}  // namespace pullseal::sigstore
