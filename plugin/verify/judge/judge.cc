// SPDX-License-Identifier: Apache-2.0
#include "verify/judge/judge.h"

#include <algorithm>
#include <utility>

#include "image/oci/reference.h"
#include "verify/judge/authority.h"
#include "verify/judge/claim.h"

// The procedure, for each signature found:
//   1. it is in a form we know: a simple-signing layer with a signature, a Sigstore bundle around a DSSE envelope, a
//      bare envelope, or a Notary Project envelope; what its annotations add is well formed
//                                                                         else bundle-malformed
//   2. one of the requirement's authorities made it: a key, within its window and before its revocation, or an identity
//      by a certificate (verify/sigstore/verify.cc and verify/notary/verify.h have the steps)
//                                                                         else signature-invalid, key-...,
//                                                                         certificate-..., attribute-unknown,
//                                                                         log-entry-..., timestamp-..., time-...,
//                                                                         issuer-mismatch, identity-mismatch,
//                                                                         signature-expired
//   3. what was signed is a simple-signing claim, a statement or a Notary Project payload
//                                                                         else bundle-malformed
//   4. a statement is of the type that means "signed"                     else it is an attestation and no signature
//   5. the claim is about the subject's digest                            else digest-mismatch
//   6. the claim is for this repository                                   else repository-mismatch
//   7. the claim has the annotations that are asked for                   else annotation-mismatch
// and then:
//   8. as many distinct authorities as the threshold asks, each with a signer of its own, have a signature that passed
//      1 to 7                                                             else threshold-not-met, or the reason of the
//                                                                         best

namespace pullseal::judge {
namespace {

using requirement::RepositoryBinding;
using requirement::SignatureRequirement;
using requirement::Terms;

// 6. Compares the name in the payload with the one the image runs as, both in normal form.
bool RepositoryFits(const std::string& claimed, const std::string& repository, const Terms& terms) {
  if (terms.repository == RepositoryBinding::kUnsafeAny) return true;
  if (claimed.empty()) return terms.repository == RepositoryBinding::kBound;
  const auto reference = oci::Reference::Parse(claimed);
  if (!reference) return false;
  const std::string name = reference->MatchName();
  const auto& aliases = terms.aliases;
  return name == repository || std::find(aliases.begin(), aliases.end(), name) != aliases.end();
}

// 7.
bool AnnotationsFit(const Claim& claim, const Terms& terms) {
  for (const auto& [name, value] : terms.annotations) {
    const auto found = claim.annotations.find(name);
    if (found == claim.annotations.end() || found->second != value) return false;
  }
  return true;
}

class SignatureJudge {
 public:
  SignatureJudge(const oci::Digest& subject, const std::string& repository, const SignatureRequirement& requirement,
                 WallTime now)
      : subject_(subject), repository_(repository), requirement_(requirement), now_(now) {}

  // Judges one signature; what turns out to be an attestation is added to `attestations`.
  Finding Check(const SignatureEvidence& signature, std::vector<Attestation>& attestations) const {
    Finding finding{.blob = signature.blob, .reason = Reason::kBundleMalformed};
    const auto found = SignedContent::Read(signature);
    if (!found) {  // 1
      finding.detail = found.error().message;
      return finding;
    }
    Attribution attribution = Attribute(found->material, requirement_.any_of(), now_);  // 2
    finding.reason = attribution.reason;
    finding.signer = std::move(attribution.signer);
    finding.times = std::move(attribution.times);
    finding.good_until = attribution.good_until;
    finding.detail = std::move(attribution.detail);
    finding.told = std::move(attribution.told);
    const bool attributed = finding.reason == Reason::kSigned;
    // What somebody known signed is looked at even if it cannot count: "for another image" tells more than "expired".
    if (!finding.signer.name.empty() && CheckClaims(*found, finding)) {
      finding.authorities = std::move(attribution.authorities);
    }
    if (!found->IsAttestation()) return finding;
    if (finding.reason == Reason::kSigned) {  // 4
      attestations.push_back(Attestation{signature.blob, found->predicate_type(), finding.signer});
    }
    // Whose an attestation is does not matter to a rule that asks for a signature.
    finding.reason = Reason::kSignatureMissing;
    finding.authorities.clear();
    finding.detail = "an attestation of type " + Printable(found->predicate_type(), 200) +
                     (attributed ? " by " + Printable(finding.signer.name, 200) : "") + ", which is no signature";
    return finding;
  }

 private:
  // True if a claim fits; else the finding says why none does.
  bool CheckClaims(const SignedContent& content, Finding& finding) const {
    const auto claims = content.Claims(subject_);
    if (!claims) {  // 3
      finding.reason = Reason::kBundleMalformed;
      finding.detail = claims.error().message;
      return false;
    }
    Reason reason = Reason::kDigestMismatch;  // 5
    std::string detail = "signed for other content";
    // A statement can speak of the subject more than once; one claim that passes is enough.
    for (const Claim& claim : *claims) {
      if (CheckClaim(claim, reason, detail)) return true;
    }
    finding.reason = reason;
    finding.detail = std::move(detail);
    return false;
  }

  bool CheckClaim(const Claim& claim, Reason& reason, std::string& detail) const {
    if (!RepositoryFits(claim.repository, repository_, requirement_.terms())) {  // 6
      reason = Reason::kRepositoryMismatch;
      detail = "signed for repository \"" + Printable(claim.repository, 200) + "\"";
      return false;
    }
    if (AnnotationsFit(claim, requirement_.terms())) return true;
    reason = Reason::kAnnotationMismatch;  // 7
    detail = "a required signed annotation is absent or different";
    return false;
  }

  const oci::Digest& subject_;
  const std::string& repository_;
  const SignatureRequirement& requirement_;
  WallTime now_;
};

// 8. Counts distinct authorities, not signatures.
bool EnoughSigned(const std::vector<Finding>& findings, const SignatureRequirement& requirement) {
  return CountAuthorities(findings) >= requirement.threshold();
}

// The verdict of 8, and what stands in it for people.
void CountSigners(const SignatureRequirement& requirement, Verdict& verdict) {
  Reason best = Reason::kSignatureMissing;
  for (const Finding& finding : verdict.findings) {
    if (finding.reason != Reason::kSigned) {
      best = std::max(best, finding.reason);
      continue;
    }
    verdict.evidence.push_back(finding.blob);
    auto& signers = verdict.signers;
    if (std::find(signers.begin(), signers.end(), finding.signer) == signers.end()) signers.push_back(finding.signer);
    const auto& end = finding.good_until;
    if (end) verdict.good_until = std::min(verdict.good_until.value_or(*end), *end);
  }
  if (EnoughSigned(verdict.findings, requirement)) {
    verdict.reason = Reason::kSigned;
  } else {
    verdict.reason = verdict.signers.empty() ? best : Reason::kThresholdNotMet;
  }
}

}  // namespace

Verdict Judge(const Evidence& evidence, const requirement::Requirement& requirement, WallTime now) {
  Judgement judgement(evidence.subject, evidence.repository, requirement, now);
  for (const SignatureEvidence& signature : evidence.signatures) (void)judgement.Add(signature);
  return judgement.Conclude();
}

const Finding& Judgement::Add(const SignatureEvidence& signature) {
  const SignatureJudge judge(subject_, repository_, requirement_.signatures, now_);
  findings_.push_back(judge.Check(signature, attestations_));
  return findings_.back();
}

bool Judgement::IsSatisfied() const { return EnoughSigned(findings_, requirement_.signatures); }

Verdict Judgement::Conclude() const {
  Verdict verdict;
  verdict.findings = findings_;
  verdict.attestations = attestations_;
  CountSigners(requirement_.signatures, verdict);
  return verdict;
}

}  // namespace pullseal::judge
