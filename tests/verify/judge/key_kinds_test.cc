// SPDX-License-Identifier: Apache-2.0
// Keys of every kind, over every hash, in every container: the table of docs/keys.md.
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include "fakes/test_authority.h"
#include "image/oci/cosign.h"
#include "verify/judge/asked_for.h"
#include "verify/judge/judge.h"

namespace pullseal::judge {
namespace {

using fakes::TestAuthority;

const std::string kDigest = "sha256:" + std::string(64, 'a');

// Two halves as two INTEGERs in a SEQUENCE: what cosign wrote for RSA keys of Azure's vaults before sigstore 1.10.9.
Bytes InHalves(const Bytes& signature) {
  ECDSA_SIG* both = ECDSA_SIG_new();
  const auto half = static_cast<int>(signature.size() / 2);
  ECDSA_SIG_set0(both, BN_bin2bn(signature.data(), half, nullptr), BN_bin2bn(signature.data() + half, half, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(both, &der);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  ECDSA_SIG_free(both);
  return out;
}

SignatureEvidence Layer(const std::string& media_type, const std::string& payload) {
  const ByteView bytes = AsBytes(payload);
  return {oci::Digest::Of(bytes), media_type, Bytes(bytes.begin(), bytes.end()), {}};
}

SignatureEvidence SimpleSigning(const Bytes& signature, const std::string& payload) {
  SignatureEvidence out = Layer(std::string(oci::kSimpleSigningMediaType), payload);
  out.annotations[std::string(oci::kSignatureAnnotation)] = Base64Encode(signature);
  return out;
}

Verdict JudgeBy(const TestAuthority& key, SignatureEvidence evidence, std::optional<crypto::Hash> only = {}) {
  const auto parsed = crypto::PublicKey::ParsePem(key.PublicPem());
  AskedFor asks;
  asks.keys.push_back({"release", only ? parsed->Only(*only) : *parsed});
  return Judge(Evidence{*oci::Digest::Parse(kDigest), "reg.io/app", {std::move(evidence)}}, asks.Make(),
               *ParseTime("2026-11-22T12:00:00Z"));
}

std::string Slug(const Verdict& verdict) { return std::string(judge::Slug(verdict.reason)); }

// What a bare envelope that is a layer holds: {"payload", "payloadType", "signatures"}.
std::string Envelope(const std::string& payload, const Bytes& signature) {
  return R"({"payloadType":"application/vnd.in-toto+json","payload":")" + Base64Encode(AsBytes(payload)) +
         R"(","signatures":[{"keyid":"","sig":")" + Base64Encode(signature) + R"("}]})";
}

TEST(KeyKindsTest, EveryKindOverEveryHashInEveryContainer) {
  const std::string simple = fakes::SimpleSigningPayload("reg.io/app", kDigest);
  const std::string statement = fakes::SignStatement(kDigest);
  const std::string envelope = fakes::EnvelopeBytes(statement);
  for (const char* kind : {"P-256", "P-384", "P-521", "RSA", "RSA-3072", "RSA-4096"}) {
    const TestAuthority key(kind);
    for (const char* hash : {"SHA256", "SHA384", "SHA512"}) {
      SCOPED_TRACE(std::string(kind) + " over " + hash);
      EXPECT_EQ("signed", Slug(JudgeBy(key, SimpleSigning(key.Sign(simple, hash), simple)))) << ".sig";
      const Bytes signature = key.Sign(envelope, hash);
      EXPECT_EQ("signed", Slug(JudgeBy(key, Layer(fakes::kBundleType, fakes::KeyBundle(statement, signature)))))
          << "bundle";
      EXPECT_EQ("signed", Slug(JudgeBy(key, Layer(std::string(oci::kDsseMediaType), Envelope(statement, signature)))))
          << "bare envelope";
    }
  }
}

TEST(KeyKindsTest, RsaInHalvesCountsInSimpleSigningAlone) {
  const std::string simple = fakes::SimpleSigningPayload("reg.io/app", kDigest);
  const std::string statement = fakes::SignStatement(kDigest);
  for (const auto& [kind, hash] : std::vector<std::pair<std::string, std::string>>{
           {"RSA", "SHA256"}, {"RSA-3072", "SHA384"}, {"RSA-4096", "SHA512"}}) {
    const TestAuthority key(kind);
    EXPECT_EQ("signed", Slug(JudgeBy(key, SimpleSigning(InHalves(key.Sign(simple, hash)), simple)))) << kind;
    // No cosign wrote such a bundle: its own check failed.
    const Bytes halves = InHalves(key.Sign(fakes::EnvelopeBytes(statement), hash));
    EXPECT_EQ("signature-invalid", Slug(JudgeBy(key, Layer(fakes::kBundleType, fakes::KeyBundle(statement, halves)))))
        << kind;
  }
}

TEST(KeyKindsTest, ThePinnedHashCountsAndTheRefusalSaysWhichFitted) {
  const std::string simple = fakes::SimpleSigningPayload("reg.io/app", kDigest);
  const TestAuthority key("P-384");
  const auto evidence = SimpleSigning(key.Sign(simple, "SHA384"), simple);
  EXPECT_EQ("signed", Slug(JudgeBy(key, evidence, crypto::Hash::kSha384)));
  const Verdict refused = JudgeBy(key, evidence, crypto::Hash::kSha256);
  EXPECT_EQ("signature-invalid", Slug(refused));
  ASSERT_EQ(1U, refused.findings.size());
  EXPECT_EQ("made by key release over SHA-384; the policy takes only SHA-256 of it (`hash` of the key)",
            refused.findings[0].detail);
  const Verdict other = JudgeBy(TestAuthority("P-384"), evidence, crypto::Hash::kSha256);
  EXPECT_EQ("no key of the rule verifies it", other.findings[0].detail);
}

}  // namespace
}  // namespace pullseal::judge
