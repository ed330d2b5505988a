#include "judge/judge.h"

#include <algorithm>
#include <set>
#include <utility>

#include "judge/claim.h"
#include "oci/reference.h"

// The procedure, for each signature found:
//   1. it is in a form we know: a simple-signing layer with a signature, a Sigstore bundle around a DSSE envelope, or a
//      bare envelope                                                   else bundle-malformed
//   2. one of the requirement's keys verifies it over the exact bytes  else signature-invalid
//   3. what was signed is a simple-signing claim or a statement        else bundle-malformed
//   4. a statement is of the type that means "signed"                  else it is an attestation and no signature
//   5. the claim is about the subject's digest                         else digest-mismatch
//   6. the claim is for this repository                                else repository-mismatch
//   7. the claim has the annotations that are asked for                else annotation-mismatch
//   8. the key may be used now                                         else key-revoked, key-not-yet-valid, key-expired
// and then:
//   9. as many distinct keys as the threshold asks have a signature that passed 1 to 8
//                                                                      else threshold-not-met, or the reason of the
//                                                                      best

namespace pullseal::judge {
namespace {

using policy::Key;
using policy::RepositoryBinding;
using policy::SignatureRequirement;

// 6. Compares the name in the payload with the one the image runs as, both in normal form.
bool RepositoryFits(const std::string& claimed, const std::string& repository,
                    const SignatureRequirement& requirement) {
  if (requirement.repository == RepositoryBinding::kAny) return true;
  if (claimed.empty()) return requirement.repository == RepositoryBinding::kBound;
  const auto reference = oci::Reference::Parse(claimed);
  if (!reference) return false;
  const std::string name = reference->MatchName();
  const auto& aliases = requirement.aliases;
  return name == repository || std::find(aliases.begin(), aliases.end(), name) != aliases.end();
}

// 7.
bool AnnotationsFit(const Claim& claim, const SignatureRequirement& requirement) {
  for (const auto& [name, value] : requirement.annotations) {
    const auto found = claim.annotations.find(name);
    if (found == claim.annotations.end() || found->second != value) return false;
  }
  return true;
}

// 8. No time is proven for a signature without log entry or timestamp, so the window is judged at now, and a revoked
// key counts for nothing.
Reason KeyTime(const Key& key, WallTime now) {
  if (key.revoked) return Reason::kKeyRevoked;
  if (key.not_before && now < *key.not_before) return Reason::kKeyNotYetValid;
  if (key.not_after && now > *key.not_after) return Reason::kKeyExpired;
  return Reason::kSigned;
}

class SignatureJudge {
 public:
  SignatureJudge(const Evidence& evidence, const SignatureRequirement& requirement, WallTime now)
      : evidence_(evidence), requirement_(requirement), now_(now) {}

  // Judges one signature; what turns out to be an attestation is added to `attestations`.
  Finding Check(const SignatureEvidence& signature, std::vector<Attestation>& attestations) const {
    Finding finding{signature.blob, Reason::kBundleMalformed, {}, {}};
    const auto found = SignedContent::Read(signature);
    if (!found) {  // 1
      finding.detail = found.error().message;
      return finding;
    }
    const Key* key = found->by_certificate ? nullptr : Signer(*found);  // 2
    if (key == nullptr) {
      // Whose an attestation is does not matter to a rule that asks for a signature.
      finding.reason = found->IsAttestation() ? Reason::kSignatureMissing : Reason::kSignatureInvalid;
      finding.detail = found->by_certificate ? "signed with a certificate, which no authority of the rule accepts"
                                             : "no key of the rule verifies it";
      return finding;
    }
    finding.key = key->name;
    CheckClaims(*found, *key, finding);
    if (finding.reason == Reason::kSigned && found->IsAttestation()) {  // 4
      attestations.push_back(Attestation{signature.blob, found->predicate_type, key->name});
    }
    if (found->IsAttestation()) {
      finding.reason = Reason::kSignatureMissing;
      finding.detail = "an attestation of type " + Printable(found->predicate_type, 200) + " by key " + key->name +
                       ", which is no signature";
    }
    return finding;
  }

 private:
  const Key* Signer(const SignedContent& content) const {
    for (const Key& key : requirement_.any_of) {
      const bool good = content.is_envelope ? key.key.VerifyEnvelope(content.signed_bytes, content.signature)
                                            : key.key.Verify(content.signed_bytes, content.signature);
      if (good) return &key;
    }
    return nullptr;
  }

  void CheckClaims(const SignedContent& content, const Key& key, Finding& finding) const {
    const auto claims = content.Claims(evidence_.subject);
    if (!claims) {  // 3
      finding.detail = claims.error().message;
      return;
    }
    finding.reason = Reason::kDigestMismatch;  // 5
    finding.detail = "signed for other content";
    // A statement can speak of the subject more than once; one claim that passes is enough.
    for (const Claim& claim : *claims) {
      CheckClaim(claim, key, finding);
      if (finding.reason == Reason::kSigned) return;
    }
  }

  void CheckClaim(const Claim& claim, const Key& key, Finding& finding) const {
    if (!RepositoryFits(claim.repository, evidence_.repository, requirement_)) {  // 6
      finding.reason = Reason::kRepositoryMismatch;
      finding.detail = "signed for repository \"" + Printable(claim.repository, 200) + "\"";
      return;
    }
    if (!AnnotationsFit(claim, requirement_)) {  // 7
      finding.reason = Reason::kAnnotationMismatch;
      finding.detail = "a required signed annotation is absent or different";
      return;
    }
    finding.reason = KeyTime(key, now_);  // 8
    finding.detail = finding.reason == Reason::kSigned ? "verified by key " + key.name : "made by key " + key.name;
  }

  const Evidence& evidence_;
  const SignatureRequirement& requirement_;
  WallTime now_;
};

// 9. Counts distinct keys, not signatures.
void CountSigners(const SignatureRequirement& requirement, Verdict& verdict) {
  std::set<std::string> signed_by;
  Reason best = Reason::kSignatureMissing;
  for (const Finding& finding : verdict.findings) {
    if (finding.reason == Reason::kSigned) {
      signed_by.insert(finding.key);
      verdict.evidence.push_back(finding.blob);
    } else {
      best = std::max(best, finding.reason);
    }
  }
  for (const Key& key : requirement.any_of) {
    if (!signed_by.contains(key.name)) continue;
    verdict.signers.push_back(key.name);
    if (key.not_after) verdict.good_until = std::min(verdict.good_until.value_or(*key.not_after), *key.not_after);
  }
  const bool enough = requirement.threshold >= 1 && !requirement.any_of.empty() &&
                      verdict.signers.size() >= static_cast<std::size_t>(requirement.threshold);
  if (enough) {
    verdict.reason = Reason::kSigned;
  } else {
    verdict.reason = verdict.signers.empty() ? best : Reason::kThresholdNotMet;
  }
}

}  // namespace

Verdict Judge(const Evidence& evidence, const SignatureRequirement& requirement, WallTime now) {
  const SignatureJudge judge(evidence, requirement, now);
  Verdict verdict;
  for (const SignatureEvidence& signature : evidence.signatures) {
    verdict.findings.push_back(judge.Check(signature, verdict.attestations));
  }
  CountSigners(requirement, verdict);
  return verdict;
}

}  // namespace pullseal::judge
