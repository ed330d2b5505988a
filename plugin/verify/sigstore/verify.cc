// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/verify.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/crypto/path_search.h"
#include "core/crypto/timestamp.h"
#include "verify/sigstore/certificate_timestamp.h"
#include "verify/sigstore/log_entry.h"

// The procedure, for one signature:
//   1. the signer's key verifies the signature over the exact bytes                       else kSignature
//   2. each log entry of a known log is in that log and about this signature; entries of unknown logs are passed over,
//      the same entry twice is refused                                   else kLogEntryMismatch, kLogEntryInvalid
//   3. as many distinct logs as demanded have an entry                                    else kLogEntryMissing
//   4. each timestamp by a trusted authority is over the signature, signed by the authority, and made while the
//      authority was valid; those by others are passed over              else kTimestampInvalid
//   5. as many distinct authorities as demanded made one                                  else kTimestampInvalid
// and for a certificate:
//   6. something proves when it was used: a signed entry timestamp or a timestamp         else kTimeMissing
//   7. every proven time lies in the certificate's validity                               else kTimeOutside
//   8. the certificate is no authority and may sign code                                  else kCertificateInvalid
//   9. a trusted authority issued it, itself or through certificates that came along      else kCertificateInvalid
//  10. which was valid, with all above it, at every proven time                           else kCertificateExpired
//  11. as many distinct certificate logs as demanded promised to log it                   else kCertificateInvalid
//  12. it names one identity                                                              else kCertificateInvalid

namespace pullseal::sigstore {
namespace {

using signature::Flaw;
using signature::ProvenTime;

class Verifier {
 public:
  Verifier(const SignedMaterial& material, const TrustedMaterial* trusted, const Demands& demands)
      : material_(material), trusted_(trusted), demands_(demands) {}

  Verification ByKey(const crypto::PublicKey& key) {
    const bool good = CheckSignature(key) && (trusted_ == nullptr || (CheckLogEntries(key) && CheckTimestamps())) &&
                      (trusted_ != nullptr || CheckNothingDemanded());
    return Answer(good);
  }

  Verification ByCertificate() {
    const auto key = material_.certificate->Key();
    if (!key) return Answer(Fail(Flaw::kCertificateInvalid, key.error().message));
    return Answer(CheckSignature(*key) && CheckLogEntries(*key) && CheckTimestamps() && CheckTimes() && CheckUsage() &&
                  CheckIssuer() && CheckIdentity());
  }

 private:
  bool Fail(Flaw flaw, std::string detail) {
    failure_.flaw = flaw;
    failure_.detail = std::move(detail);
    return false;
  }

  Verification Answer(bool good) {
    if (!good) return std::move(failure_);
    Verification out;
    out.proof = std::move(proof_);
    return out;
  }

  // 1.
  bool CheckSignature(const crypto::PublicKey& key) {
    if (material_.SignedBy(key)) return true;
    const auto other = key.only() ? material_.HashBy(key) : std::nullopt;
    return Fail(Flaw::kSignature, other ? "the signature is over " + std::string(crypto::Text(*other)) +
                                              ", and the policy names another hash for the key"
                                        : "the signature is not the signer's over this content");
  }

  // 2., 3.
  bool CheckLogEntries(const crypto::PublicKey& key) {
    std::set<std::pair<Bytes, std::int64_t>> seen;
    std::set<Bytes> logs;
    for (const LogEntry& entry : material_.log_entries) {
      if (!seen.emplace(entry.log_id, entry.log_index).second) {
        return Fail(Flaw::kLogEntryInvalid, "the same log entry is there twice");
      }
      const TrustedMaterial::Log* log = trusted_->FindLog(entry.log_id);
      if (log == nullptr) continue;
      if (const auto s = VerifyLogEntry(entry, *log, material_, key); !s) {
        const bool foreign = s.error().code == ErrorCode::kMismatch;
        return Fail(foreign ? Flaw::kLogEntryMismatch : Flaw::kLogEntryInvalid, s.error().message);
      }
      logs.insert(entry.log_id);
      logs_.push_back(log);
      if (TellsTime(entry)) {
        proof_.times.push_back(ProvenTime{WallTime{} + std::chrono::seconds(entry.integrated_time), true});
      }
    }
    proof_.logs = logs.size();
    if (proof_.logs < demands_.logs) {
      return Fail(Flaw::kLogEntryMissing, material_.log_entries.empty()
                                              ? "no transparency log has an entry of it"
                                              : "too few logs of the trust root have an entry of it");
    }
    return true;
  }

  // 4., 5.
  bool CheckTimestamps() {
    std::set<const TrustedMaterial::TimestampAuthority*> authorities;
    for (const Bytes& der : material_.timestamps) {
      const auto timestamp = crypto::Timestamp::Parse(der);
      if (!timestamp) return Fail(Flaw::kTimestampInvalid, timestamp.error().message);
      const TrustedMaterial::TimestampAuthority* by = nullptr;
      if (!CheckTimestamp(*timestamp, by)) return false;
      if (by != nullptr && authorities.insert(by).second) {
        proof_.times.push_back(ProvenTime{timestamp->time(), false});
      }
    }
    proof_.timestamp_authorities = authorities.size();
    if (authorities.size() < demands_.timestamps) {
      return Fail(Flaw::kTimestampInvalid, "it has too few timestamps by authorities of the trust root");
    }
    return true;
  }

  // One timestamp; `by` stays null if no trusted authority is named by it.
  bool CheckTimestamp(const crypto::Timestamp& timestamp, const TrustedMaterial::TimestampAuthority*& by) {
    std::string trouble;
    for (const auto& one : trusted_->timestamp_authorities()) {
      if (!timestamp.Names(one.authority)) continue;
      const auto verified = timestamp.Verify(one.authority);
      if (!verified) {
        trouble = verified.error().message;
      } else if (!one.authority.ValidAt(timestamp.time()) || !one.validity.Contains(timestamp.time())) {
        trouble = "timestamp: its authority was not valid at its time";
      } else if (!timestamp.IsOver(Stamped())) {
        trouble = "timestamp: is over other bytes";
      } else {
        by = &one;
        return true;
      }
    }
    return trouble.empty() || Fail(Flaw::kTimestampInvalid, trouble);
  }

  // What a timestamp is over: the signature's raw bytes; of a legacy attestation the whole layer.
  ByteView Stamped() const {
    const Bytes* layer = material_.layer();
    return layer != nullptr ? *layer : material_.signature;
  }

  bool CheckNothingDemanded() {
    if (demands_.logs > 0)
      return Fail(Flaw::kLogEntryMissing, "no trust root tells which transparency logs to believe");
    if (demands_.timestamps > 0)
      return Fail(Flaw::kTimestampInvalid, "no trust root tells whose timestamps to believe");
    return true;
  }

  // 6., 7. Logs that tell no time of their own (Rekor v2) are believed while their key was valid.
  bool CheckTimes() {
    const crypto::Certificate& leaf = *material_.certificate;
    if (proof_.times.empty()) return Fail(Flaw::kTimeMissing, "nothing proves when its certificate was used");
    for (const ProvenTime& one : proof_.times) {
      if (!leaf.ValidAt(one.time)) {
        return Fail(Flaw::kTimeOutside, "it was made at " + FormatTime(one.time) +
                                            ", but its certificate is valid from " + FormatTime(leaf.not_before()) +
                                            " to " + FormatTime(leaf.not_after()));
      }
      for (const TrustedMaterial::Log* log : logs_) {
        if (!log->validity.Contains(one.time)) {
          return Fail(Flaw::kLogEntryInvalid, "log entry: the log's key was not valid when the signature was made");
        }
      }
    }
    return true;
  }

  // 8.
  bool CheckUsage() {
    const crypto::Certificate& leaf = *material_.certificate;
    const auto usages = leaf.ExtendedKeyUsages();
    const bool signs_code = std::find(usages.begin(), usages.end(), crypto::kCodeSigning) != usages.end();
    if (leaf.IsAuthority() || !leaf.MaySignData() || !signs_code) {
      return Fail(Flaw::kCertificateInvalid, "certificate: may not be used to sign code");
    }
    return true;
  }

  // The authority's own chain if it issued the certificate, else one that came along and ends in it.
  std::optional<crypto::IssuerChain> IssuersUnder(const crypto::IssuerChain& chain) const {
    if (chain.Issued(*material_.certificate)) return chain;
    std::optional<crypto::IssuerChain> out;
    if (material_.chain.empty()) return out;
    (void)crypto::SearchPath(*material_.certificate, material_.chain, chain.certificates(), [&](const auto& above) {
      auto made = crypto::IssuerChain::Make(above, crypto::kCodeSigning);
      if (!made) return Status(made.error());
      Status issued = made->Issued(*material_.certificate);
      if (issued) out = std::move(*made);
      return issued;
    });
    return out;
  }

  // 9., 10.
  bool CheckIssuer() {
    Flaw flaw = Flaw::kCertificateInvalid;
    std::string detail = "certificate: no authority of the trust root issued it";
    for (const auto& authority : trusted_->certificate_authorities()) {
      const auto issuers = IssuersUnder(authority.chain);
      if (!issuers) continue;
      const bool valid = std::all_of(proof_.times.begin(), proof_.times.end(), [&](const ProvenTime& one) {
        return issuers->ValidAt(one.time) && authority.validity.Contains(one.time);
      });
      if (valid) return CheckCertificateLogs(issuers->issuer());
      flaw = Flaw::kCertificateExpired;
      detail = "certificate: its authority was not valid when the signature was made";
    }
    return Fail(flaw, std::move(detail));
  }

  // 11.
  bool CheckCertificateLogs(const crypto::Certificate& issuer) {
    if (demands_.certificate_logs == 0) return true;
    const auto promises = CertificateTimestamp::EmbeddedIn(*material_.certificate);
    if (!promises) return Fail(Flaw::kCertificateInvalid, promises.error().message);
    if (promises->empty()) return Fail(Flaw::kCertificateInvalid, "certificate: no certificate log promised to log it");
    const auto entry = PrecertificateEntry::Of(*material_.certificate, issuer);
    if (!entry) return Fail(Flaw::kCertificateInvalid, entry.error().message);
    std::set<Bytes> logs;
    for (const CertificateTimestamp& promise : *promises) {
      if (logs.contains(promise.log_id)) continue;
      const TrustedMaterial::Log* log = trusted_->FindCertificateLog(promise.log_id);
      if (log == nullptr || !log->validity.Contains(promise.time)) continue;
      if (entry->SignedBy(promise, log->key)) logs.insert(promise.log_id);
    }
    if (logs.size() >= demands_.certificate_logs) return true;
    return Fail(Flaw::kCertificateInvalid,
                "certificate: too few certificate logs of the trust root promised to log it");
  }

  // 12.
  bool CheckIdentity() {
    auto identity = CertificateIdentity::Of(*material_.certificate);
    if (!identity) return Fail(Flaw::kCertificateInvalid, identity.error().message);
    proof_.identity = std::move(*identity);
    return true;
  }

  const SignedMaterial& material_;
  const TrustedMaterial* trusted_;
  const Demands& demands_;
  std::vector<const TrustedMaterial::Log*> logs_;  // with a verified entry
  Proof proof_;
  Verification failure_;
};

}  // namespace

Verification VerifyCertificate(const SignedMaterial& material, const TrustedMaterial& trusted, const Demands& demands) {
  if (!material.certificate) {
    Verification out;
    out.detail = "is not signed with a certificate";
    return out;
  }
  return Verifier(material, &trusted, demands).ByCertificate();
}

Verification VerifyHolder(const SignedMaterial& material, const TrustedMaterial* trusted, const Demands& demands) {
  Verification out;
  out.flaw = Flaw::kCertificateInvalid;
  if (!material.certificate) {
    out.detail = "is not signed with a certificate";
    return out;
  }
  const auto key = material.certificate->Key();
  if (key) return Verifier(material, trusted, demands).ByKey(*key);
  out.detail = key.error().message;
  return out;
}

Verification VerifyKey(const SignedMaterial& material, const crypto::PublicKey& key, const TrustedMaterial* trusted,
                       const Demands& demands) {
  if (material.certificate && material.IsBundle()) {
    Verification out;
    out.flaw = Flaw::kSignature;
    out.detail = "is signed with a certificate, not with a key";
    return out;
  }
  return Verifier(material, trusted, demands).ByKey(key);
}

}  // namespace pullseal::sigstore
