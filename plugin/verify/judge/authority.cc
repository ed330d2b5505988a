// SPDX-License-Identifier: Apache-2.0
#include "verify/judge/authority.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/crypto/hash.h"
#include "verify/sigstore/verify.h"

namespace pullseal::judge {
namespace {

using requirement::Authority;
using requirement::Key;
using requirement::Keyless;
using signature::Flaw;

// Whether a key may be used: every proven time must lie in its window; where none is proven, now must. A revoked key's
// signature counts only if it provably existed before the revocation.
Reason KeyTime(const requirement::KeyUse& use, const std::vector<WallTime>& proven, WallTime now) {
  const std::vector<WallTime> at_now = {now};
  const std::vector<WallTime>& times = proven.empty() ? at_now : proven;
  for (const WallTime time : times) {
    if (use.revoked && (proven.empty() || time >= use.revoked->at)) return Reason::kKeyRevoked;
    if (use.not_before && time < *use.not_before) return Reason::kKeyNotYetValid;
    if (use.not_after && time > *use.not_after) return Reason::kKeyExpired;
  }
  return Reason::kSigned;
}

std::vector<WallTime> TimesOf(const sigstore::Proof& proof) {
  std::vector<WallTime> out;
  for (const signature::ProvenTime& one : proof.times) out.push_back(one.time);
  return out;
}

// A key's signature needs neither log nor timestamp unless the policy says so.
sigstore::Demands DemandsOf(const requirement::KeyUse& use) {
  return {.logs = use.needs_log ? 1U : 0U, .timestamps = use.needs_timestamp ? 1U : 0U, .certificate_logs = 0};
}

// By the keys; absent if none of them made the signature.
std::optional<Attribution> ByKeys(const sigstore::SignedMaterial& material, const std::vector<Authority>& authorities,
                                  WallTime now) {
  for (const Authority& one : authorities) {
    const auto* key = std::get_if<Key>(&one);
    if (key == nullptr) continue;
    const auto verified = sigstore::VerifyKey(material, key->key(), key->use().trusted.get(), DemandsOf(key->use()));
    if (!verified.proof && verified.flaw == Flaw::kSignature) continue;
    Attribution out;
    out.signer.name = key->name();
    if (!verified.proof) {
      out.reason = ReasonOf(verified.flaw);
      out.detail = verified.detail;
      return out;
    }
    out.times = TimesOf(*verified.proof);
    out.reason = KeyTime(key->use(), out.times, now);
    out.detail = (out.reason == Reason::kSigned ? "verified by key " : "made by key ") + key->name();
    if (out.reason == Reason::kSigned) out.authorities.insert(key->id());
    // What was judged at now ends with the key.
    if (out.times.empty()) out.good_until = key->use().not_after;
    return out;
  }
  return std::nullopt;
}

// Which key made it over a hash that the policy does not take of it, for people; empty if none did.
std::string OverOtherHash(const sigstore::SignedMaterial& material, const std::vector<Authority>& authorities) {
  for (const Authority& one : authorities) {
    const auto* key = std::get_if<Key>(&one);
    if (key == nullptr || !key->key().only()) continue;
    const auto hash = material.HashBy(key->key());
    if (!hash) continue;
    return "made by key " + key->name() + " over " + std::string(crypto::Text(*hash)) + "; the policy takes only " +
           std::string(crypto::Text(*key->key().only())) + " of it (`hash` of the key)";
  }
  return {};
}

// Whether the certificate's identity is the one that is asked for.
Reason IdentityFits(const sigstore::CertificateIdentity& identity, const Keyless& keyless) {
  const requirement::Identity& asked = keyless.identity();
  if (!asked.issuer.empty() && identity.issuer != asked.issuer) return Reason::kIssuerMismatch;
  if (!asked.subject.empty() && identity.subject != asked.subject) return Reason::kIdentityMismatch;
  if (asked.subject_pattern && !asked.subject_pattern->Matches(identity.subject)) return Reason::kIdentityMismatch;
  for (const auto& [name, value] : asked.extensions) {
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
      if (known.trusted == &keyless.trusted() && known.demands == keyless.demands()) return known.answer;
    }
    known_.push_back(Known{&keyless.trusted(), keyless.demands(),
                           sigstore::VerifyCertificate(material_, keyless.trusted(), keyless.demands())});
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

Attribution ForOne(const sigstore::Verification& verified, const Keyless& keyless) {
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
  if (out.reason == Reason::kSigned) out.authorities.insert(keyless.id());
  return out;
}

Attribution ByCertificate(const sigstore::SignedMaterial& material, const std::vector<Authority>& authorities,
                          WallTime now) {
  Attribution out;
  out.detail = "signed with a certificate, which no authority of the rule accepts";
  CertificateVerifications verifications(material);
  bool first = true;
  for (const Authority& authority : authorities) {
    if (const auto* keyless = std::get_if<Keyless>(&authority)) {
      Join(ForOne(verifications.For(*keyless), *keyless), first, out);
    } else if (const auto* holders = std::get_if<requirement::CertificateHolders>(&authority)) {
      Join(AttributeToHolders(material, *holders, now), first, out);
    } else {
      continue;
    }
    first = false;
  }
  return out;
}

// One step of the matching: finds an authority for `signer`, moving others where that makes room.
bool Assign(std::size_t signer, const std::vector<std::set<std::string>>& satisfies,
            std::map<std::string, std::size_t>& taken, std::set<std::string>& tried) {
  for (const std::string& authority : satisfies[signer]) {
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

Attribution Attribute(const sigstore::SignedMaterial& material, const std::vector<Authority>& authorities,
                      WallTime now) {
  if (auto by_key = ByKeys(material, authorities, now)) return std::move(*by_key);
  if (material.certificate) return ByCertificate(material, authorities, now);
  const bool any_key = std::any_of(authorities.begin(), authorities.end(),
                                   [](const Authority& one) { return std::holds_alternative<Key>(one); });
  Attribution out;
  out.detail = OverOtherHash(material, authorities);
  if (!out.detail.empty()) return out;
  out.detail = any_key ? "no key of the rule verifies it" : "signed with a key, which no authority of the rule accepts";
  return out;
}

void Join(Attribution one, bool first, Attribution& out) {
  if (out.reason != Reason::kSigned) {
    if (first || one.reason == Reason::kSigned || one.reason > out.reason) out = std::move(one);
    return;
  }
  if (one.reason != Reason::kSigned) return;
  out.authorities.insert(one.authorities.begin(), one.authorities.end());
  if (one.good_until) out.good_until = std::min(*one.good_until, out.good_until.value_or(*one.good_until));
}

Attribution Attribute(const Material& material, const std::vector<Authority>& authorities, WallTime now) {
  return std::visit([&](const auto& form) { return Attribute(form, authorities, now); }, material);
}

std::size_t CountAuthorities(const std::vector<Finding>& findings) {
  std::map<Signer, std::set<std::string>> by_signer;
  for (const Finding& finding : findings) {
    if (finding.reason != Reason::kSigned) continue;
    by_signer[finding.signer].insert(finding.authorities.begin(), finding.authorities.end());
  }
  std::vector<std::set<std::string>> satisfies;
  for (auto& [signer, authorities] : by_signer) satisfies.push_back(std::move(authorities));
  std::map<std::string, std::size_t> taken;
  for (std::size_t signer = 0; signer < satisfies.size(); ++signer) {
    std::set<std::string> tried;
    Assign(signer, satisfies, taken, tried);
  }
  return taken.size();
}

}  // namespace pullseal::judge
