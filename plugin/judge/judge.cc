#include "judge/judge.h"

#include <algorithm>
#include <set>
#include <utility>

#include "oci/reference.h"
#include "sigstore/simple_signing.h"

// The procedure, for each signature found:
//   1. it is a simple-signing layer and carries a signature           else bundle-malformed
//   2. one of the requirement's keys verifies it over the exact bytes else signature-invalid
//   3. the payload is a simple-signing claim                          else bundle-malformed
//   4. the claim is about the subject's digest                        else digest-mismatch
//   5. the claim is for this repository                               else repository-mismatch
//   6. the claim has the annotations that are asked for               else annotation-mismatch
//   7. the key may be used now                                        else key-revoked, key-not-yet-valid, key-expired
// and then:
//   8. as many distinct keys as the threshold asks have a signature that passed 1 to 7
//                                                                     else threshold-not-met, or the reason of the best

namespace pullseal::judge {
namespace {

using policy::Key;
using policy::RepositoryBinding;
using policy::SignatureRequirement;

// 5. Compares the name in the payload with the one the image runs as, both in normal form.
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

// 6.
bool AnnotationsFit(const sigstore::SimpleSigning& claim, const SignatureRequirement& requirement) {
  for (const auto& [name, value] : requirement.annotations) {
    const auto found = claim.annotations.find(name);
    if (found == claim.annotations.end() || found->second != value) return false;
  }
  return true;
}

// 7. No time is proven for a signature without log entry or timestamp, so the window is judged at now, and a revoked
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

  Finding Check(const SignatureEvidence& signature) const {
    Finding finding{signature.blob, Reason::kBundleMalformed, {}, {}};
    if (signature.media_type != sigstore::kSimpleSigningMediaType) {  // 1
      finding.detail = "layer is not a simple-signing payload";
      return finding;
    }
    const auto annotation = signature.annotations.find(std::string(sigstore::kSignatureAnnotation));
    const auto raw = annotation != signature.annotations.end() ? Base64Decode(annotation->second)
                                                               : Result<Bytes>(Error{ErrorCode::kInvalid, "none"});
    if (!raw || raw->empty()) {
      finding.detail = "layer has no signature in its annotations";
      return finding;
    }
    const Key* key = Signer(signature.payload, *raw);  // 2
    if (key == nullptr) {
      finding.reason = Reason::kSignatureInvalid;
      finding.detail = "no key of the rule verifies it";
      return finding;
    }
    finding.key = key->name;
    CheckClaim(signature, *key, finding);
    return finding;
  }

 private:
  const Key* Signer(ByteView payload, ByteView raw) const {
    for (const Key& key : requirement_.any_of) {
      if (key.key.Verify(payload, raw)) return &key;
    }
    return nullptr;
  }

  void CheckClaim(const SignatureEvidence& signature, const Key& key, Finding& finding) const {
    const auto claim = sigstore::SimpleSigning::Parse(signature.payload);
    if (!claim) {  // 3
      finding.detail = claim.error().message;
      return;
    }
    if (claim->digest != evidence_.subject) {  // 4
      finding.reason = Reason::kDigestMismatch;
      finding.detail = "signed for " + claim->digest.text();
      return;
    }
    if (!RepositoryFits(claim->repository, evidence_.repository, requirement_)) {  // 5
      finding.reason = Reason::kRepositoryMismatch;
      finding.detail = "signed for repository \"" + Printable(claim->repository, 200) + "\"";
      return;
    }
    if (!AnnotationsFit(*claim, requirement_)) {  // 6
      finding.reason = Reason::kAnnotationMismatch;
      finding.detail = "a required signed annotation is absent or different";
      return;
    }
    finding.reason = KeyTime(key, now_);  // 7
    if (finding.reason == Reason::kSigned) finding.detail = "verified by key " + key.name;
  }

  const Evidence& evidence_;
  const SignatureRequirement& requirement_;
  WallTime now_;
};

// 8. Counts distinct keys, not signatures.
void CountSigners(const SignatureRequirement& requirement, Verdict& verdict) {
  std::set<std::string> signed_by;
  Reason best = Reason::kSignatureMissing;
  for (const Finding& finding : verdict.findings) {
    if (finding.reason == Reason::kSigned) {
      signed_by.insert(finding.key);
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
  for (const SignatureEvidence& signature : evidence.signatures) verdict.findings.push_back(judge.Check(signature));
  CountSigners(requirement, verdict);
  return verdict;
}

}  // namespace pullseal::judge
