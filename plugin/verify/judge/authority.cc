// SPDX-License-Identifier: Apache-2.0
#include "verify/judge/authority.h"

#include <algorithm>
#include <map>
#include <utility>

#include "verify/sigstore/verify.h"

namespace pullseal::judge {
namespace {

using policy::Key;
using policy::Keyless;
using sigstore::Flaw;

Reason ReasonOf(Flaw flaw) {
  switch (flaw) {
    case Flaw::kMalformed:
      return Reason::kBundleMalformed;
    case Flaw::kSignature:
      return Reason::kSignatureInvalid;
    case Flaw::kLogEntryMissing:
      return Reason::kLogEntryMissing;
    case Flaw::kLogEntryMismatch:
      return Reason::kLogEntryMismatch;
    case Flaw::kLogEntryInvalid:
      return Reason::kLogEntryInvalid;
    case Flaw::kTimestampInvalid:
      return Reason::kTimestampInvalid;
    case Flaw::kTimeMissing:
      return Reason::kTimeMissing;
    case Flaw::kTimeOutside:
      return Reason::kTimeOutsideCertificate;
    case Flaw::kCertificateInvalid:
      return Reason::kCertificateInvalid;
    case Flaw::kCertificateExpired:
      return Reason::kCertificateExpired;
  }
  return Reason::kSignatureInvalid;
}

// Whether a key may be used: every proven time must lie in its window; where none is proven, now must. A revoked key's
// signature counts only if it provably existed before the revocation.
Reason KeyTime(const Key& key, const std::vector<WallTime>& proven, WallTime now) {
  const std::vector<WallTime> at_now = {now};
  const std::vector<WallTime>& times = proven.empty() ? at_now : proven;
  for (const WallTime time : times) {
    if (key.revoked && (proven.empty() || time >= key.revoked->at)) return Reason::kKeyRevoked;
    if (key.not_before && time < *key.not_before) return Reason::kKeyNotYetValid;
    if (key.not_after && time > *key.not_after) return Reason::kKeyExpired;
  }
  return Reason::kSigned;
}

std::vector<WallTime> TimesOf(const sigstore::Proof& proof) {
  std::vector<WallTime> out;
  for (const sigstore::ProvenTime& one : proof.times) out.push_back(one.time);
  return out;
}

// Without a trust root of its own, a key's signature needs neither log nor timestamp.
constexpr sigstore::Demands kDemandsForKeys{0, 0, 0};

// By the keys; absent if none of them made the signature.
std::optional<Attribution> ByKeys(const sigstore::SignedMaterial& material, const std::vector<Key>& keys,
                                  WallTime now) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Key& key = keys[i];
    const auto verified = sigstore::VerifyKey(material, key.key, key.trusted.get(), kDemandsForKeys);
    if (!verified.proof && verified.flaw == Flaw::kSignature) continue;
    Attribution out;
    out.signer.name = key.name;
    if (!verified.proof) {
      out.reason = ReasonOf(verified.flaw);
      out.detail = verified.detail;
      return out;
    }
    out.times = TimesOf(*verified.proof);
    out.reason = KeyTime(key, out.times, now);
    out.detail = (out.reason == Reason::kSigned ? "verified by key " : "made by key ") + key.name;
    if (out.reason == Reason::kSigned) out.authorities.insert(i);
    return out;
  }
  return std::nullopt;
}

// Whether the certificate's identity is the one that is asked for.
Reason IdentityFits(const sigstore::CertificateIdentity& identity, const Keyless& keyless) {
  if (!keyless.issuer.empty() && identity.issuer != keyless.issuer) return Reason::kIssuerMismatch;
  if (!keyless.subject.empty() && identity.subject != keyless.subject) return Reason::kIdentityMismatch;
  if (keyless.subject_pattern && !keyless.subject_pattern->Matches(identity.subject)) return Reason::kIdentityMismatch;
  for (const auto& [name, value] : keyless.extensions) {
    const auto found = identity.extensions.find(name);
    if (found == identity.extensions.end() || found->second != value) return Reason::kIdentityMismatch;
  }
  return Reason::kSigned;
}

// Verifies a certificate's signature once for each trust root and set of demands.
class CertificateVerifications {
 public:
  explicit CertificateVerifications(const sigstore::SignedMaterial& material) : material_(material) {}
  const sigstore::Verification& For(const Keyless& keyless) {
    for (const Known& known : known_) {
      if (known.trusted == keyless.trust_root.trusted.get() && known.demands == keyless.demands) return known.answer;
    }
    const sigstore::TrustedMaterial& trusted = *keyless.trust_root.trusted;
    known_.push_back(
        Known{&trusted, keyless.demands, sigstore::VerifyCertificate(material_, trusted, keyless.demands)});
    return known_.back().answer;
  }

 private:
  struct Known {
    const sigstore::TrustedMaterial* trusted;
    sigstore::Demands demands;
    sigstore::Verification answer;
  };
  const sigstore::SignedMaterial& material_;
  std::vector<Known> known_;
};

Attribution ForOne(const sigstore::Verification& verified, const Keyless& keyless, std::size_t number) {
  Attribution out;
  if (!verified.proof) {
    out.reason = ReasonOf(verified.flaw);
    out.detail = verified.detail;
    return out;
  }
  const sigstore::CertificateIdentity& identity = *verified.proof->identity;
  out.reason = IdentityFits(identity, keyless);
  out.signer = Signer{identity.subject, identity.issuer};
  out.times = TimesOf(*verified.proof);
  out.detail = (out.reason == Reason::kSigned ? "verified for " : "made by ") + Printable(identity.subject, 200) +
               " of issuer " + Printable(identity.issuer, 200);
  if (out.reason == Reason::kSigned) out.authorities.insert(number);
  return out;
}

Attribution ByCertificate(const sigstore::SignedMaterial& material, const policy::SignatureRequirement& requirement) {
  Attribution out;
  out.detail = "signed with a certificate, which no authority of the rule accepts";
  CertificateVerifications verifications(material);
  bool first = true;
  for (std::size_t i = 0; i < requirement.keyless.size(); ++i) {
    const Keyless& keyless = requirement.keyless[i];
    Attribution one = ForOne(verifications.For(keyless), keyless, requirement.any_of.size() + i);
    if (out.reason == Reason::kSigned) {
      out.authorities.insert(one.authorities.begin(), one.authorities.end());
    } else if (first || one.reason == Reason::kSigned || one.reason > out.reason) {
      out = std::move(one);
    }
    first = false;
  }
  return out;
}

// One step of the matching: finds an authority for `signer`, moving others where that makes room.
bool Assign(std::size_t signer, const std::vector<std::set<std::size_t>>& satisfies,
            std::map<std::size_t, std::size_t>& taken, std::set<std::size_t>& tried) {
  for (const std::size_t authority : satisfies[signer]) {
    if (!tried.insert(authority).second) continue;
    const auto holder = taken.find(authority);
    if (holder == taken.end() || Assign(holder->second, satisfies, taken, tried)) {
      taken[authority] = signer;
      return true;
    }
  }
  return false;
}

}  // namespace

Attribution Attribute(const sigstore::SignedMaterial& material, const policy::SignatureRequirement& requirement,
                      WallTime now) {
  if (auto by_key = ByKeys(material, requirement.any_of, now)) return std::move(*by_key);
  if (material.certificate) return ByCertificate(material, requirement);
  Attribution out;
  out.detail = requirement.any_of.empty() ? "signed with a key, which no authority of the rule accepts"
                                          : "no key of the rule verifies it";
  return out;
}

std::size_t CountAuthorities(const std::vector<Finding>& findings) {
  std::map<Signer, std::set<std::size_t>> by_signer;
  for (const Finding& finding : findings) {
    if (finding.reason != Reason::kSigned) continue;
    by_signer[finding.signer].insert(finding.authorities.begin(), finding.authorities.end());
  }
  std::vector<std::set<std::size_t>> satisfies;
  for (auto& [signer, authorities] : by_signer) satisfies.push_back(std::move(authorities));
  std::map<std::size_t, std::size_t> taken;
  for (std::size_t signer = 0; signer < satisfies.size(); ++signer) {
    std::set<std::size_t> tried;
    Assign(signer, satisfies, taken, tried);
  }
  return taken.size();
}

}  // namespace pullseal::judge
