// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "verify/judge/keyless_fixture.h"

namespace pullseal::judge {
namespace {

TEST(KeylessTest, GoodSignaturesOfEveryForm) {
  const std::vector<Case> cases = {
      {"promise and proof", "signed", With(Log::kBoth), {}, {}},
      {"proof with a timestamp", "signed", With(Log::kProof, true), {}, {}},
      {"promise, proof and timestamp", "signed", With(Log::kBoth, true), {}, {}},
      {"Rekor v2 with a timestamp", "signed", With(Log::kV2, true), {}, {}},
      {"Rekor v2 on ECDSA", "signed", With(Log::kV2, true), {.log2_curve = "P-256"}, {}},
      {"authority on P-256", "signed", With(Log::kBoth), {.curve = "P-256"}, {}},
      {"leaf on P-384", "signed", {.leaf_curve = "P-384"}, {}, {}},
      {"leaf on P-384, Rekor v2", "signed", {.leaf_curve = "P-384", .log = Log::kV2, .stamped = true}, {}, {}},
      {"leaf on P-521", "signed", {.leaf_curve = "P-521"}, {}, {}},
      {"intoto entry", "signed", {.entry_kind = "intoto"}, {}, {}},
      {"no log asked, timestamp", "signed", With(Log::kNone, true), {}, Demand(0, 1, 1)},
      {"no certificate log asked", "signed", CertificateLogs([](auto& logs) { logs.clear(); }), {}, Demand(1, 0, 0)},
      {"timestamp with certificates inside", "signed", Stamped([](auto& s) { s.with_certificate = true; }), {}, {}},
      {"timestamp over SHA-512", "signed", Stamped([](auto& s) { s.imprint_hash = "SHA512"; }), {}, {}},
      {"certificate timestamp with extensions",
       "signed",
       CertificateLogs([](auto& logs) { logs[0].extensions = {0, 0, 5, 0, 0, 0, 0, 1}; }),
       {},
       {}},
      {"trust of the authority ends at this very second", "signed", {}, {.ca_end = "2026-06-01T12:00:30Z"}, {}},
      {"trust of the log ends at this very second", "signed", {}, {.log_end = "2026-06-01T12:00:30Z"}, {}},
  };
  for (const Case& one : cases) Check(one);
}

TEST(KeylessTest, LogFlaws) {
  const auto flip = [](Bytes& bytes) { bytes[bytes.size() / 2] ^= 1; };
  const auto other_signature = [](std::string& body) {
    // The body of another signature over the same payload: only signature and certificate differ.
    static const SigstoreAuthority other;
    body = other.SignEnvelope(Statement()).entries[0].body;
  };
  const std::vector<Case> cases = {
      {"no entry", "log-entry-missing", With(Log::kNone), {}, {}},
      {"no entry but a timestamp", "log-entry-missing", With(Log::kNone, true), {}, {}},
      {"another instance's entry (CVE-2022-23649)", "log-entry-mismatch", Body(other_signature), {}, {}},
      {"entry of another payload (CVE-2026-22703)",
       "log-entry-mismatch",
       Body([](std::string& body) {
         Replace(body, R"("payloadHash":{"algorithm":"sha256","value":")",
                 R"("payloadHash":{"algorithm":"sha256","value":"00)");
       }),
       {},
       {}},
      {"entry of another signature (CVE-2026-22703)",
       "log-entry-mismatch",
       {.before_logging = [](SigstoreSignature&) {},
        .body =
            [](std::string& body) {
              const auto at = body.find(R"("signature":")") + 13;
              body.replace(at, 8, "MEUCIQAA");
            }},
       {},
       {}},
      {"entry of another certificate (CVE-2026-22703)",
       "log-entry-mismatch",
       Body([](std::string& body) {
         const auto at = body.find(R"("verifier":")") + 12;
         body.replace(at, body.find('"', at) - at,
                      Base64Encode(AsBytes(fakes::ToPem(SigstoreAuthority().SignEnvelope(Statement()).certificate))));
       }),
       {},
       {}},
      {"entry with two signatures",
       "log-entry-invalid",
       Body([](std::string& body) {
         const auto at = body.find(R"([{"signature)") + 1;
         const std::string one = body.substr(at, body.rfind("]") - at);
         body.insert(at, one + ",");
       }),
       {},
       {}},
      {"entry without signatures",
       "log-entry-invalid",
       Body([](std::string& body) { Replace(body, R"("signatures":[)", R"("x":[)"); }),
       {},
       {}},
      {"entry of an unknown kind (sigstore-go #562)",
       "log-entry-invalid",
       Body([](std::string& body) { Replace(body, R"("kind":"dsse")", R"("kind":"tuf")"); }),
       {},
       {}},
      {"entry that is null (CVE-2023-33199)",
       "log-entry-invalid",
       Body([](std::string& body) {
         body = R"({"apiVersion":"0.0.1","kind":"dsse","spec":{"payloadHash":null,"signatures":[null]}})";
       }),
       {},
       {}},
      {"entry that is no JSON", "log-entry-invalid", Body([](std::string& body) { body += "}"; }), {}, {}},
      {"entry of a weak hash",
       "log-entry-invalid",
       Body([](std::string& body) {
         Replace(body, R"("payloadHash":{"algorithm":"sha256")", R"("payloadHash":{"algorithm":"sha1")");
       }),
       {},
       {}},
      {"kind beside the body differs", "log-entry-invalid", InEntry([](Entry& e) { e.kind = "hashedrekord"; }), {}, {}},
      {"promise broken", "log-entry-invalid", InEntry([=](Entry& e) { flip(e.promise); }), {}, {}},
      {"time changed after the promise", "log-entry-invalid", InEntry([](Entry& e) { ++e.integrated_time; }), {}, {}},
      {"index changed after the promise", "log-entry-invalid", InEntry([](Entry& e) { ++e.log_index; }), {}, {}},
      {"time without a promise (CVE-2024-55655)", "time-missing", InEntry([](Entry& e) { e.promise.clear(); }), {}, {}},
      {"neither promise nor proof",
       "bundle-malformed",
       InEntry([](Entry& e) { e.promise.clear(), e.has_proof = false; }),
       {},
       {}},
      {"hash of the proof changed", "log-entry-invalid", InEntry([=](Entry& e) { flip(e.hashes[1]); }), {}, {}},
      {"hash of the proof missing", "log-entry-invalid", InEntry([](Entry& e) { e.hashes.pop_back(); }), {}, {}},
      {"a hash too many", "log-entry-invalid", InEntry([](Entry& e) { e.hashes.push_back(e.hashes[0]); }), {}, {}},
      {"a short hash", "log-entry-invalid", InEntry([](Entry& e) { e.hashes[0].pop_back(); }), {}, {}},
      {"index outside the tree", "log-entry-invalid", InEntry([](Entry& e) { e.proof_index = e.tree_size; }), {}, {}},
      {"another index", "log-entry-invalid", InEntry([](Entry& e) { --e.proof_index; }), {}, {}},
      {"root hash beside the checkpoint differs",
       "log-entry-invalid",
       InEntry([=](Entry& e) { flip(e.root_hash); }),
       {},
       {}},
      {"tree size beside the checkpoint differs",
       "log-entry-invalid",
       InEntry([](Entry& e) { ++e.tree_size; }),
       {},
       {}},
      {"checkpoint's signature broken (CVE-2024-54140)",
       "log-entry-invalid",
       InEntry([](Entry& e) {
         const auto at = e.checkpoint.rfind("\n", e.checkpoint.size() - 2) + 40;
         e.checkpoint[at] = e.checkpoint[at] == 'A' ? 'B' : 'A';
       }),
       {},
       {}},
      {"checkpoint's text changed",
       "log-entry-invalid",
       InEntry([](Entry& e) { Replace(e.checkpoint, "\n\n", "\nmore\n\n"); }),
       {},
       {}},
      {"checkpoint without signatures",
       "log-entry-invalid",
       InEntry([](Entry& e) { e.checkpoint.resize(e.checkpoint.find("\n\n") + 2); }),
       {},
       {}},
      {"checkpoint without a line break at its end",
       "log-entry-invalid",
       InEntry([](Entry& e) { e.checkpoint.pop_back(); }),
       {},
       {}},
      {"checkpoint of a smaller tree",
       "log-entry-invalid",
       InEntry([](Entry& e) {
         static const SigstoreAuthority any;
         Replace(e.checkpoint, "\n11\n", "\n10\n");
       }),
       {},
       {}},
      {"the same entry twice", "log-entry-invalid", After([](auto& s) { s.entries.push_back(s.entries[0]); }), {}, {}},
      {"an entry of an unknown log alone",
       "log-entry-missing",
       After([](auto& s) {
         static const SigstoreAuthority other;
         s.entries[0].log_id = other.log().id();
       }),
       {},
       {}},
      {"two entries of one log where two logs are asked (GHSA-9vcr-p3rj-q5q6)",
       "log-entry-missing",
       {},
       {},
       Demand(2, 0, 1)},
      {"v2: entry of another signature",
       "log-entry-mismatch",
       Body(
           [](std::string& body) {
             const auto at = body.find(R"("content":")") + 11;
             body.replace(at, 8, "MEUCIQAA");
           },
           With(Log::kV2, true)),
       {},
       {}},
      {"v2: entry of another digest",
       "log-entry-mismatch",
       Body(
           [](std::string& body) {
             const auto at = body.find(R"("digest":")") + 10;
             body.replace(at, 4, "AAAA");
           },
           With(Log::kV2, true)),
       {},
       {}},
      {"v2: entry of another certificate",
       "log-entry-mismatch",
       Body(
           [](std::string& body) {
             const auto at = body.find(R"("rawBytes":")") + 12;
             body.replace(at, body.find('"', at) - at,
                          Base64Encode(SigstoreAuthority().SignEnvelope(Statement()).certificate));
           },
           With(Log::kV2, true)),
       {},
       {}},
      {"v2: two indexes", "log-entry-invalid", InEntry([](Entry& e) { ++e.log_index; }, With(Log::kV2, true)), {}, {}},
      {"v2: no proof",
       "bundle-malformed",
       InEntry([](Entry& e) { e.has_proof = false; }, With(Log::kV2, true)),
       {},
       {}},
      {"v2: no timestamp", "time-missing", With(Log::kV2), {}, {}},
  };
  for (const Case& one : cases) Check(one);
}

TEST(KeylessTest, TimestampFlaws) {
  static const SigstoreAuthority stranger;
  const auto by_stranger = [](SigstoreSignature& s) {
    s.timestamps[0] =
        fakes::Stamp({SigstoreAuthority::Start() + std::chrono::seconds(31)}, stranger.stamper(), s.signature);
  };
  const auto broken = [](SigstoreSignature& s) { s.timestamps[0][s.timestamps[0].size() - 3] ^= 1; };
  const std::vector<Case> cases = {
      {"late",
       "time-outside-certificate",
       Stamped([](auto& s) { s.time = SigstoreAuthority::Start() + std::chrono::minutes(11); }),
       {},
       {}},
      {"early",
       "time-outside-certificate",
       Stamped([](auto& s) { s.time = SigstoreAuthority::Start() - std::chrono::milliseconds(1); }),
       {},
       {}},
      {"over SHA-1", "timestamp-invalid", Stamped([](auto& s) { s.imprint_hash = "SHA1"; }), {}, {}},
      {"over other bytes", "timestamp-invalid", {.log = Log::kV2, .stamped = true, .stamped_bytes = "x"}, {}, {}},
      {"by an unknown authority", "time-missing", After(by_stranger, With(Log::kV2, true)), {}, {}},
      {"by an unknown authority where one is asked",
       "timestamp-invalid",
       After(by_stranger, With(Log::kBoth, true)),
       {},
       Demand(1, 1, 1)},
      {"broken", "timestamp-invalid", After(broken, With(Log::kV2, true)), {}, {}},
      {"bytes behind it",
       "timestamp-invalid",
       After([](auto& s) { s.timestamps[0].push_back(0); }, With(Log::kBoth, true)),
       {},
       {}},
      {"no DER",
       "timestamp-invalid",
       After(
           [](auto& s) {
             s.timestamps[0] = {1, 2, 3};
           },
           With(Log::kBoth, true)),
       {},
       {}},
      {"none where one is asked", "timestamp-invalid", {}, {}, Demand(1, 1, 1)},
      {"the same authority twice where two are asked",
       "timestamp-invalid",
       After([](auto& s) { s.timestamps.push_back(s.timestamps[0]); }, With(Log::kBoth, true)),
       {},
       Demand(1, 2, 1)},
  };
  for (const Case& one : cases) Check(one);
}

TEST(KeylessTest, UnknownTimestampAuthorityBesideALogDoesNotHurt) {
  const SigstoreAuthority authority;
  const SigstoreAuthority stranger;
  const auto signature = authority.SignEnvelope(
      Statement(), After([&](auto& s) {
        s.timestamps.push_back(fakes::Stamp({SigstoreAuthority::Start()}, stranger.stamper(), s.signature));
      }));
  EXPECT_EQ(Reason::kSigned, JudgeOne(AsBundle(signature.Bundle()), Asks(authority)).reason);
}

// CVE-2026-39984: what is checked is the signer, not the first certificate in the token.
TEST(KeylessTest, CertificatesInsideATimestampAreNotTrusted) {
  const SigstoreAuthority authority;
  const SigstoreAuthority stranger;
  const auto signature =
      authority.SignEnvelope(Statement(), After(
                                              [&](auto& s) {
                                                StampPlan plan{SigstoreAuthority::Start() + std::chrono::seconds(31)};
                                                plan.with_certificate = true;
                                                plan.more_certificates = {authority.stamper().der};
                                                s.timestamps[0] = fakes::Stamp(plan, stranger.stamper(), s.signature);
                                              },
                                              With(Log::kV2, true)));
  EXPECT_EQ(Reason::kTimeMissing, JudgeOne(AsBundle(signature.Bundle()), Asks(authority)).reason);
}

// A key that signs for two logs does not make one log's checkpoint the other's.
TEST(KeylessTest, ACheckpointOfAnotherOriginIsNotTheLogs) {
  const SigstoreAuthority authority;
  const auto signature = authority.SignEnvelope(
      Statement(), InEntry(
                       [&](Entry& entry) {
                         std::string text = authority.log2().CheckpointText(entry);
                         Replace(text, authority.log2().host(), "other.test");
                         Bytes line(entry.log_id.begin(), entry.log_id.begin() + 4);
                         const Bytes signed_text = authority.log2().key().Sign(text);
                         line.insert(line.end(), signed_text.begin(), signed_text.end());
                         entry.checkpoint = text + "\n\u2014 other.test " + Base64Encode(line) + "\n";
                       },
                       With(Log::kV2, true)));
  EXPECT_EQ(Reason::kLogEntryInvalid, JudgeOne(AsBundle(signature.Bundle()), Asks(authority)).reason);
}

TEST(KeylessTest, TheCheckpointsOwnRootCounts) {
  const SigstoreAuthority authority;
  const auto signature =
      authority.SignEnvelope(Statement(), InEntry([&](Entry& entry) {
                               Entry other = entry;
                               other.root_hash = Bytes(32, 7);
                               entry.checkpoint = authority.log().SignCheckpoint(authority.log().CheckpointText(other));
                             }));
  EXPECT_EQ(Reason::kLogEntryInvalid, JudgeOne(AsBundle(signature.Bundle()), Asks(authority)).reason);
}

TEST(KeylessTest, RekorV2NeedsAProofWhateverElseThereIs) {
  const SigstoreAuthority authority;
  const auto signature = authority.SignEnvelope(Statement(), InEntry(
                                                                 [&](Entry& entry) {
                                                                   entry.has_proof = false;
                                                                   entry.integrated_time = 1'780'315'230;
                                                                   authority.log2().SignPromise(entry);
                                                                 },
                                                                 With(Log::kV2, true)));
  EXPECT_EQ(Reason::kLogEntryInvalid, JudgeOne(AsBundle(signature.Bundle("0.1")), Asks(authority)).reason);
}

// The text behind `"name":"` in the body, replaced by another of the same length or not.
SignPlan WithField(SignPlan plan, const std::string& name, const std::string& value) {
  return Body(
      [=](std::string& body) {
        const std::string start = "\"" + name + "\":\"";
        const auto at = body.rfind(start) + start.size();
        body.replace(at, body.find('"', at) - at, value);
      },
      std::move(plan));
}

// Each of the three fields alone, in the other kinds of entries.
TEST(KeylessTest, EntriesOfOtherKindsAreComparedToo) {
  const std::string other_signer =
      Base64Encode(AsBytes(fakes::ToPem(SigstoreAuthority().SignEnvelope(Statement()).certificate)));
  const std::string other_signature = Base64Encode(AsBytes(Base64Encode(Bytes(70, 1))));
  const SignPlan intoto{.entry_kind = "intoto"};
  const std::vector<Case> cases = {
      {"intoto entry of another payload",
       "log-entry-mismatch",
       WithField(intoto, "value", std::string(64, '0')),
       {},
       {}},
      {"intoto entry of another signature", "log-entry-mismatch", WithField(intoto, "sig", other_signature), {}, {}},
      {"intoto entry with a signature that is base64 but once",
       "log-entry-invalid",
       WithField(intoto, "sig", Base64Encode(Bytes(70, 1))),
       {},
       {}},
      {"intoto entry of another signer", "log-entry-mismatch", WithField(intoto, "publicKey", other_signer), {}, {}},
  };
  for (const Case& one : cases) Check(one);

  const SigstoreAuthority authority;
  const std::string payload = fakes::SimpleSigningPayload("reg.io/app", "sha256:" + kDigest);
  const auto judged = [&](const SignPlan& plan) {
    const ByteView bytes = AsBytes(payload);
    return JudgeOne({Subject(), kSimpleSigning, Bytes(bytes.begin(), bytes.end()),
                     authority.SignMessage(payload, plan).Annotations()},
                    Asks(authority))
        .reason;
  };
  const SignPlan logged = With(Log::kPromise);
  EXPECT_EQ(Reason::kSigned, judged(logged));
  EXPECT_EQ(Reason::kLogEntryMismatch, judged(WithField(logged, "value", std::string(64, '0'))));
  EXPECT_EQ(Reason::kLogEntryMismatch, judged(WithField(logged, "content", other_signer)));
  EXPECT_EQ(Reason::kLogEntryMismatch, judged(Body(
                                           [&](std::string& body) {
                                             const auto at = body.find(R"("content":")") + 11;
                                             body.replace(at, body.find('"', at) - at, Base64Encode(Bytes(70, 1)));
                                           },
                                           logged)));
}

}  // namespace
}  // namespace pullseal::judge
