// SPDX-License-Identifier: Apache-2.0
// Debian's real sigstore-go and cosign 3 against `pullseal verify-bundle`: bundles of the test authority, good ones and
// ones that are wrong in one thing, each judged by all three under the authority's trusted root. So the authority's
// artifacts are not merely consistent with ourselves. Where a peer's answer differs, docs/clients.md says why, and this
// test fails if it does not.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <iostream>

#include "core/crypto/sha256.h"
#include "fakes/sigstore_authority.h"
#include "lab/process.h"

namespace pullseal {
namespace {

using fakes::AuthorityPlan;
using fakes::CertificateLog;
using fakes::CertificatePlan;
using fakes::Entry;
using fakes::SignPlan;
using fakes::SigstoreAuthority;
using fakes::SigstoreSignature;
using fakes::StampPlan;
using lab::Execute;
using Log = SignPlan::Log;

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

// `answers` are pullseal's, sigstore-go's and cosign's: y verified, n refused.
struct Case {
  const char* name;
  const char* answers;
  SignPlan plan;
  AuthorityPlan authority;
  std::string version = "0.3";
};

class ClientsTest : public ::testing::Test {
 protected:
  ClientsTest() { lab::WriteFile(artifact_, kArtifact); }

  void Check(const Case& one) {
    const SigstoreAuthority authority(one.authority);
    lab::WriteFile(root_, authority.TrustedRoot());
    lab::WriteFile(bundle_, authority.SignMessage(kArtifact, one.plan).Bundle(one.version));
    Expect(one.name, one.answers, Ours() + Go() + Cosign());
  }
  // The same with the artifact as the subject of a statement; cosign checks those as attestations.
  void CheckStatement(const Case& one) {
    const SigstoreAuthority authority(one.authority);
    const std::string digest = "sha256:" + crypto::Sha256Hex(AsBytes(kArtifact));
    lab::WriteFile(root_, authority.TrustedRoot());
    lab::WriteFile(bundle_, authority.SignEnvelope(fakes::SignStatement(digest), one.plan).Bundle(one.version));
    Expect(one.name, one.answers, Ours() + Go() + CosignAttestation());
  }

 private:
  static constexpr const char* kArtifact = "an artifact";

  static std::string Answer(const std::vector<std::string>& command, const std::string& home) {
    return Execute(command, {{"HOME", home}}).status == 0 ? "y" : "n";
  }
  std::string Ours() const {
    const auto done = Execute({Env("PULLSEAL_BUILD") + "/plugin/pullseal", "verify-bundle", "--bundle", bundle_,
                               "--certificate-identity", SignPlan().subject, "--certificate-oidc-issuer",
                               SignPlan().issuer, "--trusted-root", root_, artifact_});
    // A crash is no refusal.
    return done.status == 0 ? "y" : done.status == 1 ? "n" : "!" + done.text;
  }
  std::string Go() const {
    return Answer(
        {Env("PULLSEAL_PEERS") + "/sigstore-go/usr/bin/sigstore-go-verification", "-trustedrootJSONpath", root_,
         "-artifact", artifact_, "-expectedIssuer", SignPlan().issuer, "-expectedSAN", SignPlan().subject, bundle_},
        folder_.path());
  }
  std::string CosignWith(const std::string& command, const std::vector<std::string>& more) const {
    std::vector<std::string> all = {Env("PULLSEAL_PEERS") + "/cosign-3/usr/bin/cosign",
                                    command,
                                    "--bundle",
                                    bundle_,
                                    "--trusted-root",
                                    root_,
                                    "--certificate-oidc-issuer",
                                    SignPlan().issuer,
                                    "--certificate-identity",
                                    SignPlan().subject};
    all.insert(all.end(), more.begin(), more.end());
    all.push_back(artifact_);
    return Answer(all, folder_.path());
  }
  std::string Cosign() const { return CosignWith("verify-blob", {}); }
  std::string CosignAttestation() const {
    return CosignWith("verify-blob-attestation", {"--type", "https://sigstore.dev/cosign/sign/v1"});
  }
  void Expect(const std::string& name, const std::string& expected, const std::string& answers) {
    std::cout << "  " << name << ": " << answers << std::endl;
    EXPECT_EQ(expected, answers) << name;
    if (answers == "yyy" || answers == "nnn") return;
    static const std::string docs = lab::ReadText(Env("PULLSEAL_TOP") + "/docs/clients.md");
    EXPECT_NE(std::string::npos, docs.find("| " + name + " |")) << "docs/clients.md does not explain: " << name;
  }

  const lab::TempFolder folder_;
  const std::string artifact_ = folder_.path() + "/artifact";
  const std::string bundle_ = folder_.path() + "/bundle.json";
  const std::string root_ = folder_.path() + "/root.json";
};

const auto kLate = SigstoreAuthority::Start() + std::chrono::seconds(10);

SignPlan InEntry(std::function<void(Entry&)> change, Log log = Log::kBoth, bool stamped = false) {
  SignPlan out{.log = log, .stamped = stamped};
  out.entry = std::move(change);
  return out;
}

void Flip(Bytes& bytes) { bytes[bytes.size() / 2] ^= 1; }

TEST_F(ClientsTest, GoodBundles) {
  const std::vector<Case> cases = {
      {"promise and proof", "yyy", {}, {}},
      {"bundle 0.1 with a promise alone", "yyy", {.log = Log::kPromise}, {}, "0.1"},
      {"bundle 0.2", "yyy", {}, {}, "0.2"},
      {"promise, proof and timestamp", "yyy", {.stamped = true}, {}},
      {"proof and timestamp", "yyn", {.log = Log::kProof, .stamped = true}, {}},
      {"Rekor v2", "yyy", {.log = Log::kV2, .stamped = true}, {}},
      {"authority on P-256", "yyy", {}, {.curve = "P-256"}},
      {"timestamp with its certificate inside",
       "yyy",
       {.log = Log::kV2, .stamped = true, .stamp = [](StampPlan& s) { s.with_certificate = true; }},
       {}},
      {"SCT with extensions",
       "yyy",
       {.certificate_logs = [](std::vector<CertificateLog>& logs) { logs[0].extensions = {0, 0, 5, 0, 0, 0, 0, 1}; }},
       {}},
      {"leaf on P-384", "ynn", {.leaf_curve = "P-384"}, {}},
  };
  for (const Case& one : cases) Check(one);
  CheckStatement({"statement, dsse entry", "yyy", {}, {}});
  CheckStatement({"statement, intoto entry", "yyy", {.entry_kind = "intoto"}, {}});
  CheckStatement({"statement, Rekor v2", "yyy", {.log = Log::kV2, .stamped = true}, {}});
}

TEST_F(ClientsTest, FaultyCertificates) {
  const auto leaf = [](std::function<void(CertificatePlan&)> change) { return SignPlan{.leaf = std::move(change)}; };
  const SigstoreAuthority stranger;
  const std::vector<Case> cases = {
      {"no code signing", "nnn", leaf([](auto& l) { l.extended_key_usage = "clientAuth"; }), {}},
      {"no extended key usage", "nyy", leaf([](auto& l) { l.extended_key_usage = ""; }), {}},
      {"no digitalSignature", "nyy", leaf([](auto& l) { l.key_usage = "critical,keyAgreement"; }), {}},
      {"no key usage", "nyy", leaf([](auto& l) { l.key_usage = ""; }), {}},
      {"leaf is an authority", "nyy", leaf([](auto& l) { l.is_authority = true; }), {}},
      {"unknown critical extension",
       "nnn",
       leaf([](auto& l) {
         l.extensions.push_back({"1.2.3.4", {5, 0}, true});
       }),
       {}},
      {"SHA-1 signature", "nnn", leaf([](auto& l) { l.hash = "SHA1"; }), {}},
      {"two names", "nyy", leaf([](auto& l) { l.alternative_names += ",URI:https://other.example"; }), {}},
      {"two issuers that contradict", "nyy", leaf([](auto& l) { l.extensions[0].content = {'x'}; }), {}},
      {"bytes behind the issuer's text", "nnn", leaf([](auto& l) { l.extensions[1].content.push_back(0); }), {}},
      {"issued by another authority of the same name", "nnn", {.issued_by = &stranger.intermediate()}, {}},
      {"two signature algorithms", "nnn", leaf([](auto& l) { l.named_outside = "ecdsa-with-SHA384"; }), {}},
      {"another signature algorithm",
       "nnn",
       leaf([](auto& l) { l.named_inside = l.named_outside = "sha256WithRSAEncryption"; }),
       {}},
      {"critical extension for proxies",
       "nnn",
       leaf([](auto& l) {
         l.extensions.push_back({"1.3.6.1.5.5.7.1.14", {0x30, 12, 0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 21, 1}, true});
       }),
       {}},
      {"another key of its issuer",
       "nyy",
       leaf([](auto& l) {
         l.extensions.push_back({"2.5.29.35", {0x30, 4, 0x80, 2, 1, 2}});
       }),
       {.intermediate =
            [](auto& p) {
              p.extensions.push_back({"2.5.29.14", {4, 2, 1, 1}});
            }}},
      {"bears its issuer's name", "nyy", leaf([](auto& l) { l.common_name = "test intermediate"; }), {}},
      {"intermediate expired when used", "nnn", {}, {.intermediate = [](CertificatePlan& p) { p.to = kLate; }}},
      {"root expired when used", "nnn", {}, {.root = [](CertificatePlan& p) { p.to = kLate; }}},
      {"trust in the authority ended", "nnn", {}, {.ca_end = "2026-06-01T12:00:29Z"}},
      {"intermediate for another usage",
       "nnn",
       {},
       {.intermediate = [](CertificatePlan& p) { p.extended_key_usage = "emailProtection"; }}},
      {"path too long", "nnn", {}, {.root = [](CertificatePlan& p) { p.path_length = 0; }}},
      {"no SCT", "nnn", {.certificate_logs = [](auto& logs) { logs.clear(); }}, {}},
      {"SCT for another certificate", "nnn", {.certificate_logs = [](auto& logs) { logs[0].broken = true; }}, {}},
      {"trust in the certificate log ended", "nnn", {}, {.ct_end = "2026-06-01T11:59:59Z"}},
      {"wrong subject", "nnn", {.subject = "https://github.com/evil/app"}, {}},
      {"wrong issuer", "nnn", {.issuer = "https://accounts.google.com"}, {}},
  };
  for (const Case& one : cases) Check(one);
}

TEST_F(ClientsTest, FaultyLogEntriesAndTimestamps) {
  static const SigstoreAuthority other;
  const auto foreign = [](SigstoreSignature& s) {
    s.timestamps[0] =
        fakes::Stamp({SigstoreAuthority::Start() + std::chrono::seconds(31)}, other.stamper(), s.signature);
  };
  const std::vector<Case> cases = {
      {"no entry", "nnn", {.log = Log::kNone}, {}},
      {"no entry but a timestamp", "nnn", {.log = Log::kNone, .stamped = true}, {}},
      {"entry of another signature",
       "nnn",
       {.body = [](std::string& body) { body = other.SignMessage("an artifact").entries[0].body; }},
       {}},
      {"logged after the certificate's end", "nnn", {.logged_after = std::chrono::minutes(11)}, {}},
      {"stamped after the certificate's end", "nny", {.stamped = true, .stamped_after = std::chrono::minutes(11)}, {}},
      {"promise broken", "nnn", InEntry([](Entry& e) { Flip(e.promise); }), {}},
      {"time changed after the promise", "nnn", InEntry([](Entry& e) { ++e.integrated_time; }), {}},
      {"time without a promise", "nnn", InEntry([](Entry& e) { e.promise.clear(); }), {}},
      {"hash of the proof changed", "nnn", InEntry([](Entry& e) { Flip(e.hashes[1]); }), {}},
      {"hash of the proof missing", "nnn", InEntry([](Entry& e) { e.hashes.pop_back(); }), {}},
      {"a hash too many", "nnn", InEntry([](Entry& e) { e.hashes.push_back(e.hashes[0]); }), {}},
      {"another index in the proof", "nnn", InEntry([](Entry& e) { --e.proof_index; }), {}},
      {"root hash beside the checkpoint differs", "nnn", InEntry([](Entry& e) { Flip(e.root_hash); }), {}},
      {"v2: root hash beside the checkpoint differs",
       "nyy",
       InEntry([](Entry& e) { Flip(e.root_hash); }, Log::kV2, true),
       {}},
      {"v2: tree size beside the checkpoint differs",
       "nyy",
       InEntry([](Entry& e) { ++e.tree_size; }, Log::kV2, true),
       {}},
      {"v2: two indexes", "nyy", InEntry([](Entry& e) { --e.proof_index; }, Log::kV2, true), {}},
      {"checkpoint's text changed",
       "nnn",
       InEntry([](Entry& e) { e.checkpoint.replace(e.checkpoint.find("\n\n"), 2, "\nmore\n\n"); }),
       {}},
      {"kind beside the body differs", "nyy", InEntry([](Entry& e) { e.kind = "dsse"; }), {}},
      {"the same entry twice", "nnn", {.result = [](SigstoreSignature& s) { s.entries.push_back(s.entries[0]); }}, {}},
      {"an unknown log", "nnn", InEntry([](Entry& e) { e.log_id = other.log().id(); }), {}},
      {"trust in the log ended", "nnn", {}, {.log_end = "2026-06-01T12:00:29Z"}},
      {"v2: trust in the log ended", "nyy", {.log = Log::kV2, .stamped = true}, {.log2_end = "2026-06-01T12:00:29Z"}},
      {"v2: no timestamp", "nnn", {.log = Log::kV2}, {}},
      {"timestamp over other bytes", "nnn", {.log = Log::kV2, .stamped = true, .stamped_bytes = "x"}, {}},
      {"timestamp over other bytes beside a promise", "nyy", {.stamped = true, .stamped_bytes = "x"}, {}},
      {"timestamp by an unknown authority", "nnn", {.log = Log::kV2, .stamped = true, .result = foreign}, {}},
      {"timestamp by an unknown authority beside a promise", "yyy", {.stamped = true, .result = foreign}, {}},
      {"timestamp over SHA-1",
       "nnn",
       {.log = Log::kV2, .stamped = true, .stamp = [](StampPlan& s) { s.imprint_hash = "SHA1"; }},
       {}},
      {"timestamp authority's certificate expired when used",
       "nnn",
       {.log = Log::kV2, .stamped = true},
       {.stamper = [](CertificatePlan& p) { p.to = kLate; }}},
      {"trust in the timestamp authority ended",
       "nnn",
       {.log = Log::kV2, .stamped = true},
       {.tsa_end = "2026-06-01T12:00:30Z"}},
      {"signature broken", "nnn", {.before_logging = [](SigstoreSignature& s) { s.signature[9] ^= 1; }}, {}},
      {"digest beside the signature differs",
       "nnn",
       {.result = [](SigstoreSignature& s) { Flip(s.message_digest); }},
       {}},
      {"a root certificate in the bundle",
       "nyy",
       {.result = [](SigstoreSignature& s) { s.chain.push_back(other.root().der); }},
       {},
       "0.2"},
  };
  for (const Case& one : cases) Check(one);
}

}  // namespace
}  // namespace pullseal
