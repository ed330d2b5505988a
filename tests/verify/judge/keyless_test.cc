// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "verify/judge/authority.h"
#include "verify/judge/keyless_fixture.h"

namespace pullseal::judge {
namespace {

TEST(KeylessTest, IdentityFlaws) {
  const auto subject = [](const char* text) { return [=](auto& asks) { asks.keyless[0].identity.subject = text; }; };
  const auto pattern = [](const char* text) {
    return [=](AskedFor& asks) {
      asks.keyless[0].identity.subject.clear();
      asks.keyless[0].identity.subject_pattern = *requirement::SubjectPattern::Parse(text);
    };
  };
  const auto extension = [](const char* name, const char* value) {
    return [=](auto& asks) { asks.keyless[0].identity.extensions = {{name, value}}; };
  };
  const std::vector<Case> cases = {
      {"wrong issuer", "issuer-mismatch", {.issuer = "https://accounts.google.com"}, {}, {}},
      {"an issuer that only begins right", "issuer-mismatch", {.issuer = SignPlan().issuer + "/"}, {}, {}},
      {"wrong subject", "identity-mismatch", {.subject = "https://github.com/evil/app/x@refs/heads/main"}, {}, {}},
      {"subject in other case",
       "identity-mismatch",
       {.subject = "https://GitHub.com/acme/app"},
       {},
       subject("https://github.com/acme/app")},
      {"pattern that matches the whole", "signed", {}, {}, pattern("https://github\\.com/acme/.*")},
      {"pattern that matches a part only", "identity-mismatch", {}, {}, pattern("https://github\\.com/acme/")},
      {"pattern that matches the end only", "identity-mismatch", {}, {}, pattern("refs/heads/main")},
      {"extension as asked", "signed", {}, {}, extension("sourceRepositoryUri", "https://github.com/acme/app")},
      {"extension of another value",
       "identity-mismatch",
       {},
       {},
       extension("sourceRepositoryUri", "https://github.com/acme")},
      {"extension that is absent", "identity-mismatch", {}, {}, extension("buildTrigger", "push")},
      {"an email", "signed", {.subject = "dev@acme.example"}, {}, subject("dev@acme.example")},
      {"the old issuer extension alone",
       "signed",
       {.leaf = [](CertificatePlan& leaf) { leaf.extensions.erase(leaf.extensions.begin() + 1); }},
       {},
       {}},
  };
  for (const Case& one : cases) Check(one);
}

TEST(KeylessTest, ContentFlaws) {
  const std::vector<Case> cases = {
      {"signature broken", "signature-invalid", {.before_logging = [](auto& s) { s.signature[9] ^= 1; }}, {}, {}},
      {"payload changed", "signature-invalid", After([](auto& s) { s.payload += " "; }), {}, {}},
      {"another payload type", "bundle-malformed", After([](auto& s) { s.payload_type = "text/plain"; }), {}, {}},
  };
  for (const Case& one : cases) Check(one);
  const SigstoreAuthority authority;
  const auto other = authority.SignEnvelope(fakes::SignStatement("sha256:" + std::string(64, 'b')));
  EXPECT_EQ(Reason::kDigestMismatch, JudgeOne(AsBundle(other.Bundle()), Asks(authority)).reason);
  // CVE-2022-35929 and cosign 3.1's "any statement is a signature".
  const auto scan =
      authority.SignEnvelope(fakes::SignStatement("sha256:" + kDigest, "", "https://example.com/scan/v1"));
  const auto verdict = JudgeOne(AsBundle(scan.Bundle()), Asks(authority));
  EXPECT_EQ(Reason::kSignatureMissing, verdict.reason);
  ASSERT_EQ(1U, verdict.attestations.size());
  EXPECT_EQ("https://example.com/scan/v1", verdict.attestations[0].predicate_type);
}

// An image is signed by a statement about it, not by a signature over some message, whatever that says.
TEST(KeylessTest, ABundleAroundAMessageSignsNoImage) {
  const SigstoreAuthority authority;
  const std::string payload = fakes::SimpleSigningPayload(kRepository, "sha256:" + kDigest);
  EXPECT_EQ(Reason::kBundleMalformed,
            JudgeOne(AsBundle(authority.SignMessage(payload).Bundle()), Asks(authority)).reason);
}

// What is verified once for an authority is not taken for another one that demands more.
TEST(KeylessTest, EachAuthoritysOwnDemandsCount) {
  const SigstoreAuthority authority;
  AskedFor asks = Asks(authority);
  asks.keyless.push_back(asks.keyless[0]);
  asks.keyless[1].demands.timestamps = 1;
  for (const bool stamped : {false, true}) {
    const auto signature = authority.SignEnvelope(Statement(), With(Log::kBoth, stamped));
    const Verdict verdict = JudgeOne(AsBundle(signature.Bundle()), asks);
    EXPECT_EQ(stamped ? 2U : 1U, verdict.findings[0].authorities.size());
  }
}

TEST(KeylessTest, OlderBundles) {
  const SigstoreAuthority authority;
  auto signature = authority.SignEnvelope(Statement());
  const auto judged = [&](const char* version) {
    return JudgeOne(AsBundle(signature.Bundle(version)), Asks(authority)).reason;
  };
  EXPECT_EQ(Reason::kSigned, judged("0.1"));
  EXPECT_EQ(Reason::kSigned, judged("0.2"));
  signature.entries[0].has_proof = false;
  EXPECT_EQ(Reason::kSigned, judged("0.1"));
  EXPECT_EQ(Reason::kBundleMalformed, judged("0.2"));
  signature = authority.SignEnvelope(Statement());
  signature.entries[0].promise.clear();
  EXPECT_EQ(Reason::kBundleMalformed, judged("0.1"));
  signature = authority.SignEnvelope(Statement());
  signature.chain.push_back(authority.root().der);
  EXPECT_EQ(Reason::kBundleMalformed, judged("0.2")) << "brings its own root";
}

class LegacyTest : public ::testing::Test {
 protected:
  SignatureEvidence Layer(const std::map<std::string, std::string>& annotations) const {
    const ByteView bytes = AsBytes(payload_);
    return {Subject(), kSimpleSigning, Bytes(bytes.begin(), bytes.end()), annotations};
  }
  Reason Judged(const std::map<std::string, std::string>& annotations) {
    const Verdict verdict = JudgeOne(Layer(annotations), Asks(authority_));
    detail_ = verdict.findings[0].detail;
    return verdict.reason;
  }
  std::map<std::string, std::string> Sign(const SignPlan& plan = With(Log::kPromise)) const {
    return authority_.SignMessage(payload_, plan).Annotations();
  }
  const std::string payload_ = fakes::SimpleSigningPayload("reg.io/app", "sha256:" + kDigest);
  SigstoreAuthority authority_;
  std::string detail_;
};

TEST_F(LegacyTest, AnnotationsOfKeylessSignaturesAreVerified) {
  EXPECT_EQ(Reason::kSigned, Judged(Sign())) << detail_;
  EXPECT_EQ(Reason::kSigned, Judged(Sign(With(Log::kPromise, true)))) << detail_;
  auto without_chain = Sign();
  without_chain.erase("dev.sigstore.cosign/chain");
  EXPECT_EQ(Reason::kSigned, Judged(without_chain)) << detail_;
}

// CVE-2022-23649 and CVE-2022-36056: an entry must be this signature's, and what is malformed is not absent.
TEST_F(LegacyTest, MissingForeignOrMalformedAnnotationsAreRefused) {
  auto without_log = Sign();
  without_log.erase("dev.sigstore.cosign/bundle");
  EXPECT_EQ(Reason::kLogEntryMissing, Judged(without_log));
  auto without_certificate = Sign();
  without_certificate.erase("dev.sigstore.cosign/certificate");
  without_certificate.erase("dev.sigstore.cosign/chain");
  EXPECT_EQ(Reason::kSignatureInvalid, Judged(without_certificate));
  auto foreign = Sign();
  foreign["dev.sigstore.cosign/bundle"] = Sign()["dev.sigstore.cosign/bundle"];
  EXPECT_EQ(Reason::kLogEntryMismatch, Judged(foreign));
  auto other_certificate = Sign();
  other_certificate["dev.sigstore.cosign/certificate"] = Sign()["dev.sigstore.cosign/certificate"];
  EXPECT_EQ(Reason::kSignatureInvalid, Judged(other_certificate));
  auto two = Sign();
  two["dev.sigstore.cosign/certificate"] += fakes::ToPem(authority_.intermediate().der);
  EXPECT_EQ(Reason::kBundleMalformed, Judged(two)) << "which of them signed?";
  const auto good = Sign(With(Log::kPromise, true));
  for (const char* name : {"certificate", "chain", "bundle", "rfc3161timestamp"}) {
    for (const char* junk : {"", "null", "{}", "junk", "{\"Payload\":{}}", "[]"}) {
      auto malformed = good;
      malformed[std::string("dev.sigstore.cosign/") + name] = junk;
      EXPECT_EQ(Reason::kBundleMalformed, Judged(malformed)) << name << " " << junk;
    }
  }
  auto stamped = Sign(With(Log::kPromise, true));
  stamped["dev.sigstore.cosign/rfc3161timestamp"] =
      Sign(With(Log::kPromise, true))["dev.sigstore.cosign/rfc3161timestamp"];
  EXPECT_EQ(Reason::kTimestampInvalid, Judged(stamped));
}

// cosign can attach the certificate of a key's owner (`cosign sign --key K --cert C`): the key is what counts.
TEST_F(LegacyTest, ACertificateBesideAKeysSignatureDoesNotHurt) {
  const fakes::TestAuthority key;
  SignPlan by_key = With(Log::kNone);
  by_key.key = &key;
  auto annotations = Sign(by_key);
  annotations["dev.sigstore.cosign/certificate"] = Sign()["dev.sigstore.cosign/certificate"];
  AskedFor asks;
  asks.keys.push_back({"release", *crypto::PublicKey::ParsePem(key.PublicPem())});
  EXPECT_EQ(Reason::kSigned, JudgeOne(Layer(annotations), asks).reason);
  EXPECT_EQ(Reason::kSignatureInvalid, JudgeOne(Layer(annotations), Asks(authority_)).reason);
}

// Legacy attestations are an envelope as a layer: timestamps are over the whole layer, and old entries know only its
// hash.
TEST(LegacyEnvelopeTest, TheWholeLayerIsStampedAndLogged) {
  const SigstoreAuthority authority;
  const auto layer = [&](SignPlan plan, const std::string& stamped = "") {
    auto signature = authority.SignEnvelope(Statement(), plan);
    const std::string envelope = R"({"payloadType":"application/vnd.in-toto+json","payload":")" +
                                 Base64Encode(AsBytes(signature.payload)) + R"(","signatures":[{"keyid":"","sig":")" +
                                 Base64Encode(signature.signature) + R"("}]})";
    signature.timestamps.push_back(fakes::Stamp({SigstoreAuthority::Start() + std::chrono::seconds(31)},
                                                authority.stamper(), AsBytes(stamped.empty() ? envelope : stamped)));
    const ByteView bytes = AsBytes(envelope);
    return SignatureEvidence{Subject(), "application/vnd.dsse.envelope.v1+json", Bytes(bytes.begin(), bytes.end()),
                             signature.Annotations()};
  };
  const auto judged = [&](const SignatureEvidence& evidence) { return JudgeOne(evidence, Asks(authority)).reason; };
  EXPECT_EQ(Reason::kSigned, judged(layer(With(Log::kPromise))));
  EXPECT_EQ(Reason::kSigned, judged(layer({.log = Log::kPromise, .entry_kind = "intoto"})));
  EXPECT_EQ(Reason::kTimestampInvalid, judged(layer(With(Log::kPromise), "other bytes")));
  // What only names the predicate type beside the layer is not believed.
  auto evidence = layer(With(Log::kPromise));
  evidence.annotations["predicateType"] = "https://example.com/scan/v1";
  EXPECT_EQ(Reason::kSigned, judged(evidence));
  evidence.annotations.erase("dev.sigstore.cosign/bundle");
  EXPECT_EQ(Reason::kLogEntryMissing, judged(evidence));
}

TEST(KeyTimeTest, KeysAreJudgedAtProvenTimes) {
  const SigstoreAuthority authority;
  const fakes::TestAuthority key;
  AskedFor::KeyAsked release{"release", *crypto::PublicKey::ParsePem(key.PublicPem()), {.trusted = Trust(authority)}};
  const auto judged = [&](const SignPlan& plan) {
    AskedFor asks;
    asks.keys.push_back(release);
    return std::string(Slug(JudgeOne(AsBundle(authority.SignEnvelope(Statement(), plan).Bundle()), asks).reason));
  };
  SignPlan logged = With(Log::kBoth);
  logged.key = &key;
  SignPlan both = With(Log::kBoth, true);
  both.key = &key;
  SignPlan bare = With(Log::kNone);
  bare.key = &key;
  const auto at = [](int seconds) { return SigstoreAuthority::Start() + std::chrono::seconds(seconds); };
  EXPECT_EQ("signed", judged(logged));
  EXPECT_EQ("signed", judged(bare));
  // Judged 90 days later: only the proven time is inside the window (GHSA-wqqc-jjcq-vfxm).
  release.use.not_after = at(30);
  EXPECT_EQ("signed", judged(logged));
  EXPECT_EQ("key-expired", judged(bare));
  EXPECT_EQ("key-expired", judged(both)) << "every proven time must lie in the window; this one was stamped at 31";
  release.use.not_after.reset();
  release.use.not_before = at(31);
  EXPECT_EQ("key-not-yet-valid", judged(logged));
  EXPECT_EQ("signed", judged(bare));
  release.use.not_before.reset();
  release.use.revoked = requirement::Revocation{at(31), "lost"};
  EXPECT_EQ("signed", judged(logged));
  EXPECT_EQ("key-revoked", judged(both));
  EXPECT_EQ("key-revoked", judged(bare));
  release.use.revoked = requirement::Revocation{at(30), "lost"};
  EXPECT_EQ("key-revoked", judged(logged));
  release.use.revoked.reset();
  // A log entry that does not hold is no missing one.
  SignPlan lying = logged;
  lying.entry = [](Entry& entry) { ++entry.integrated_time; };
  EXPECT_EQ("log-entry-invalid", judged(lying));
  release.use.trusted.reset();
  EXPECT_EQ("signed", judged(lying)) << "no trust root: nothing beside the signature is looked at";
}

TEST(KeyTimeTest, AKeyCanNeedALogEntryAndATimestamp) {
  const SigstoreAuthority authority;
  const SigstoreAuthority stranger;
  const fakes::TestAuthority key;
  const auto parsed = crypto::PublicKey::ParsePem(key.PublicPem());
  const auto judged = [&](bool log, bool timestamp, const SigstoreAuthority& by, SignPlan plan) {
    plan.key = &key;
    AskedFor asks;
    asks.keys.push_back(
        {"release", *parsed, {.trusted = Trust(authority), .needs_log = log, .needs_timestamp = timestamp}});
    return std::string(Slug(JudgeOne(AsBundle(by.SignEnvelope(Statement(), plan).Bundle()), asks).reason));
  };
  EXPECT_EQ("log-entry-missing", judged(true, false, authority, With(Log::kNone)));
  EXPECT_EQ("log-entry-missing", judged(true, false, authority, With(Log::kNone, true)));
  EXPECT_EQ("signed", judged(true, false, authority, With(Log::kBoth)));
  EXPECT_EQ("signed", judged(true, false, authority, With(Log::kV2)));
  EXPECT_EQ("log-entry-missing", judged(true, false, stranger, With(Log::kBoth))) << "another log's entry is none";
  EXPECT_EQ("timestamp-invalid", judged(false, true, authority, With(Log::kBoth)));
  EXPECT_EQ("signed", judged(false, true, authority, With(Log::kNone, true)));
  EXPECT_EQ("timestamp-invalid", judged(false, true, stranger, With(Log::kNone, true)));
  EXPECT_EQ("signed", judged(true, true, authority, With(Log::kBoth, true)));
  // Nobody whose logs or timestamps could be believed.
  EXPECT_FALSE(requirement::Key::Make("release", *parsed, {.needs_log = true}).ok());
  EXPECT_FALSE(requirement::Key::Make("release", *parsed, {.needs_timestamp = true}).ok());
}

TEST(KeyTimeTest, ALogThatWasNoLongerTrustedProvesNoTime) {
  const SigstoreAuthority authority({.log_end = "2026-06-01T12:00:29Z"});
  const fakes::TestAuthority key;
  AskedFor asks;
  asks.keys.push_back({"release", *crypto::PublicKey::ParsePem(key.PublicPem()), {.trusted = Trust(authority)}});
  SignPlan logged = With(Log::kBoth);
  logged.key = &key;
  EXPECT_EQ(Reason::kLogEntryInvalid,
            JudgeOne(AsBundle(authority.SignEnvelope(Statement(), logged).Bundle()), asks).reason);
}

TEST(ThresholdTest, NeitherASignerNorAnAuthorityCountsTwice) {
  const auto finding = [](const char* who, std::set<std::string> authorities) {
    return Finding{
        .blob = Subject(), .reason = Reason::kSigned, .signer = {who, "i"}, .authorities = std::move(authorities)};
  };
  EXPECT_EQ(0U, CountAuthorities({}));
  EXPECT_EQ(1U, CountAuthorities({finding("a", {"0", "1"})})) << "one signer, two patterns";
  EXPECT_EQ(1U, CountAuthorities({finding("a", {"0"}), finding("a", {"1"})})) << "one signer, two signatures";
  EXPECT_EQ(1U, CountAuthorities({finding("a", {"0"}), finding("b", {"0"})})) << "two signers, one authority";
  EXPECT_EQ(2U, CountAuthorities({finding("a", {"0", "1"}), finding("b", {"0"})})) << "the order must not matter";
  EXPECT_EQ(2U, CountAuthorities({finding("a", {"0"}), finding("b", {"0", "1"})}));
  EXPECT_EQ(3U, CountAuthorities({finding("a", {"0", "1"}), finding("b", {"1", "2"}), finding("c", {"0"})}));
}

TEST(ThresholdTest, AKeyAndAnIdentityAreTwo) {
  const SigstoreAuthority authority;
  const fakes::TestAuthority key;
  auto asks = Asks(authority);
  asks.keys.push_back({"release", *crypto::PublicKey::ParsePem(key.PublicPem())});
  asks.terms.threshold = 2;
  SignPlan by_key = With(Log::kNone);
  by_key.key = &key;
  Evidence evidence{Subject(), kRepository, {AsBundle(authority.SignEnvelope(Statement()).Bundle())}};
  EXPECT_EQ(Reason::kThresholdNotMet, Judge(evidence, asks.Make(), SigstoreAuthority::Start()).reason);
  evidence.signatures.push_back(AsBundle(authority.SignEnvelope(Statement()).Bundle()));
  EXPECT_EQ(Reason::kThresholdNotMet, Judge(evidence, asks.Make(), SigstoreAuthority::Start()).reason);
  evidence.signatures.push_back(AsBundle(authority.SignEnvelope(Statement(), by_key).Bundle()));
  const Verdict verdict = Judge(evidence, asks.Make(), SigstoreAuthority::Start());
  EXPECT_EQ(Reason::kSigned, verdict.reason);
  EXPECT_EQ((std::vector<Signer>{{SignPlan().subject, SignPlan().issuer}, {"release", ""}}), verdict.signers);
}

}  // namespace
}  // namespace pullseal::judge
