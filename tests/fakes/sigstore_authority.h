// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_SIGSTORE_AUTHORITY_H_
#define PULLSEAL_FAKES_SIGSTORE_AUTHORITY_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "fakes/mint.h"
#include "fakes/test_authority.h"
#include "fakes/transparency_log.h"

namespace pullseal::fakes {

// How the authority itself is set up. The changes make it wrong in one thing.
struct AuthorityPlan {
  using Change = std::function<void(CertificatePlan&)>;
  std::string curve = "P-384";                             // of root and intermediate
  std::string log_curve = "P-256";                         // of Rekor v1
  std::string log2_curve = "ED25519";                      // of Rekor v2
  Change root, intermediate, stamper;                      // change those certificates
  std::string ca_end, ct_end, log_end, log2_end, tsa_end;  // ends of the trust, RFC 3339
};

// Signature is one keyless (or key) signature in all its parts, open to change, and ways to write it.
struct SigstoreSignature {
  std::string Bundle(const std::string& version = "0.3") const;
  // Annotations of a legacy layer, the signature among them.
  std::map<std::string, std::string> Annotations() const;

  Bytes certificate;         // empty: signed by a key
  std::vector<Bytes> chain;  // above it
  bool is_envelope = true;
  std::string payload;  // of the envelope
  std::string payload_type = "application/vnd.in-toto+json";
  Bytes message_digest;
  Bytes signature;
  std::vector<Entry> entries;
  std::vector<Bytes> timestamps;
};

// What to sign with, and what to make wrong. Each change is made before what depends on it, so that it is the only
// thing wrong: a changed body is logged and proven as it is.
struct SignPlan {
  enum class Log { kNone, kPromise, kProof, kBoth, kV2 };
  std::string subject = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
  std::string issuer = "https://token.actions.githubusercontent.com";
  std::string leaf_curve = "P-256";
  Log log = Log::kBoth;
  bool stamped = false;
  std::string entry_kind = "dsse";        // of Rekor v1, for envelopes: dsse or intoto
  std::chrono::seconds logged_after{30};  // after the certificate's start
  std::chrono::seconds stamped_after{31};
  const Minted* issued_by = nullptr;        // issues the certificate instead of the authority's intermediate
  const TestAuthority* leaf_key = nullptr;  // of the certificate; fresh if null
  Bytes certificate;                        // used again, with its leaf_key; empty: a new one
  const TestAuthority* key = nullptr;       // signs instead of a certificate
  std::function<void(CertificatePlan&)> leaf;
  std::function<void(std::vector<CertificateLog>&)> certificate_logs;
  std::function<void(SigstoreSignature&)> before_logging;  // signature and certificate are there
  std::function<void(std::string&)> body;
  std::function<void(Entry&)> entry;
  std::function<void(StampPlan&)> stamp;
  std::string stamped_bytes;  // instead of the signature
  std::function<void(SigstoreSignature&)> result;
};

// SigstoreAuthority is a whole Sigstore instance: a certificate authority with an intermediate, a certificate log,
// transparency logs of Rekor v1 and v2, a timestamp authority. Signs at `kTime`.
class SigstoreAuthority {
 public:
  static constexpr const char* kTime = "2026-06-01T12:00:00Z";
  explicit SigstoreAuthority(AuthorityPlan plan = {});

  std::string TrustedRoot() const;
  // Signs a statement in an envelope, or a message as it is.
  SigstoreSignature SignEnvelope(const std::string& payload, const SignPlan& plan = {}) const;
  SigstoreSignature SignMessage(const std::string& message, const SignPlan& plan = {}) const;

  const TransparencyLog& log() const { return log_; }
  const TransparencyLog& log2() const { return log2_; }
  const Minted& root() const { return root_; }
  const Minted& intermediate() const { return intermediate_; }
  const Minted& stamper() const { return stamper_; }
  const Minted& stamper_root() const { return stamper_root_; }
  const TestAuthority& certificate_log() const { return certificate_log_; }
  static WallTime Start() { return *ParseTime(kTime); }

 private:
  SigstoreSignature Sign(SigstoreSignature out, const std::string& signed_bytes, const SignPlan& plan) const;
  Minted Certify(const TestAuthority& key, const SignPlan& plan) const;
  std::string Body(const SigstoreSignature& signature, const std::string& signed_bytes, const SignPlan& plan,
                   std::string& kind, std::string& version) const;

  AuthorityPlan plan_;
  TestAuthority root_key_, intermediate_key_, stamper_root_key_, stamper_key_, certificate_log_;
  TransparencyLog log_, log2_;
  Minted root_, intermediate_, stamper_root_, stamper_;
};

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_SIGSTORE_AUTHORITY_H_
