// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/decision.h"

#include <utility>

namespace pullseal::gate {

std::string_view Text(CacheUse use) {
  switch (use) {
    case CacheUse::kNone:
      return "";
    case CacheUse::kHit:
      return "hit";
    case CacheUse::kEvidence:
      return "evidence";
    case CacheUse::kMiss:
      return "miss";
  }
  return "";
}

Decision Refuse(Reason reason, std::string detail) {
  Decision out;
  out.reason = reason;
  out.detail = std::move(detail);
  return out;
}

Reason ReasonForRegistry(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnauthorized:
      return Reason::kRegistryUnauthorized;
    case ErrorCode::kThrottled:
      return Reason::kRegistryThrottled;
    case ErrorCode::kUnreachable:
      return Reason::kRegistryUnreachable;
    case ErrorCode::kLimit:
      return Reason::kEvidenceLimit;
    case ErrorCode::kTimeout:
      return Reason::kRegistrySlow;
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound:
    case ErrorCode::kRemote:
    case ErrorCode::kMismatch:
    case ErrorCode::kUnavailable:
      return Reason::kRegistryError;
  }
  return Reason::kRegistryError;
}

void SetRegistryError(Decision& decision, const Error& error) {
  decision.reason = ReasonForRegistry(error);
  decision.detail = error.message;
  if (error.code == ErrorCode::kUnavailable) {
    decision.advice =
        "this node's own configuration for the registry (hosts.toml, certificates) cannot be used; ask your platform "
        "team.";
  }
}

std::string_view AdviceOf(const Decision& decision) {
  return decision.advice.empty() ? Sentence(decision.reason) : decision.advice;
}

Reason ReasonForRuntime(const Error& error) {
  return error.code == ErrorCode::kMismatch ? Reason::kImageLinkUnproven : Reason::kRuntimeUnreachable;
}

std::string_view Sentence(Reason reason) {
  switch (reason) {
    case Reason::kSigned:
      return "a signature satisfies the rule.";
    case Reason::kExempt:
      return "the rule exempts this image.";
    case Reason::kException:
      return "an exception frees this image until it expires.";
    case Reason::kNoRule:
      return "no rule of this node's policy covers this image in this namespace; use an image from a registry the "
             "policy names, or ask your platform team to add a rule.";
    case Reason::kRuleDenies:
      return "this node's policy forbids this image; use another image, or ask your platform team why.";
    case Reason::kSignatureMissing:
      return "the image has no signature in its registry; sign it with cosign in your release pipeline, or deploy a "
             "release that is signed.";
    case Reason::kSignatureInvalid:
      return "the image has signatures, but none by a key or identity this rule trusts; sign it as your platform team "
             "says for this rule.";
    case Reason::kBundleMalformed:
      return "the image's signature is not in a form that can be read; sign the image again with cosign.";
    case Reason::kCertificateInvalid:
      return "the signing certificate is not one this node trusts; sign with the identity and Sigstore "
             "instance your platform team names.";
    case Reason::kLogEntryMissing:
      return "the signature has no entry in a transparency log this node trusts; sign again with upload to "
             "the log.";
    case Reason::kLogEntryMismatch:
      return "the transparency log entry beside the signature belongs to another signature; sign the image "
             "again.";
    case Reason::kLogEntryInvalid:
      return "the transparency log entry beside the signature does not hold; sign the image again, and "
             "tell your security team if it recurs.";
    case Reason::kTimestampInvalid:
      return "the timestamp beside the signature does not hold; sign the image again, and check the "
             "timestamp authority.";
    case Reason::kTimeMissing:
      return "nothing proves when the signature was made; sign with a transparency log that tells the "
             "time, or with a timestamp authority.";
    case Reason::kTimeOutsideCertificate:
      return "the signature was made before or after its certificate was valid; sign again with a fresh "
             "certificate.";
    case Reason::kCertificateExpired:
      return "the authority that issued the signing certificate was not valid when the signature was made; "
             "sign the image again with a current one.";
    case Reason::kIssuerMismatch:
      return "the image was signed with an identity from another issuer than this rule names; sign in the "
             "pipeline your platform team names.";
    case Reason::kIdentityMismatch:
      return "the image was signed by another identity than this rule names; sign in the workflow your "
             "platform team names, or ask for the rule to be changed.";
    case Reason::kDigestMismatch:
      return "the signature found was made for another image; sign this very image.";
    case Reason::kAnnotationMismatch:
      return "the signature lacks an annotation this rule asks for; sign with the annotations your platform team "
             "names (cosign sign -a key=value).";
    case Reason::kRepositoryMismatch:
      return "the signature was made for another repository; sign the image under the name it is deployed from, or ask "
             "for an alias in the rule.";
    case Reason::kKeyNotYetValid:
      return "the signing key may not be used yet; check the key's notBefore with your platform team.";
    case Reason::kKeyExpired:
      return "the signing key has expired; sign the image again with the current key.";
    case Reason::kKeyRevoked:
      return "the signing key has been revoked; sign the image again with a key that is still trusted.";
    case Reason::kThresholdNotMet:
      return "the image lacks signatures of enough distinct signers; have every required party sign it.";
    case Reason::kReferenceInvalid:
      return "the image name is not valid; correct the name in the pod.";
    case Reason::kImageNameMismatch:
      return "the image on this node was never pulled under the name the pod gives; pull it by that name "
             "(imagePullPolicy: Always), or correct the name.";
    case Reason::kImageLinkUnproven:
      return "it cannot be proven that the content on this node is the content that was signed; remove the image from "
             "the node and pull it again.";
    case Reason::kCheckpointRefused:
      return "containers are not restored from checkpoints on this node; deploy the image itself.";
    case Reason::kRequestMalformed:
      return "the request is not a valid CRI message.";
    case Reason::kRegistryError:
      return "the registry's answer did not allow a decision; check that image and tag exist, then the registry.";
    case Reason::kRegistryUnreachable:
      return "the registry cannot be reached from this node to look for signatures; it is tried again.";
    case Reason::kRegistrySlow:
      return "the registry answers too slowly to look for signatures; it is tried again.";
    case Reason::kRegistryThrottled:
      return "the registry limits requests at the moment; it is tried again.";
    case Reason::kRegistryUnauthorized:
      return "the registry refused the credentials for this image; check the pod's imagePullSecrets or the node's "
             "access.";
    case Reason::kEvidenceLimit:
      return "what the registry sent is larger or more than is accepted; remove superfluous signatures.";
    case Reason::kEvidenceUnavailable:
      return "this node's own record of signatures does not answer; it is tried again.";
    case Reason::kRuntimeUnreachable:
      return "the container runtime did not tell what is needed to decide; it is tried again.";
    case Reason::kDecisionTimeout:
      return "no decision was reached in time; it is tried again.";
    case Reason::kOverloaded:
      return "too many decisions are under way on this node; it is tried again.";
    case Reason::kPolicyUnavailable:
      return "this node has no readable policy, so nothing can be judged; ask your platform team.";
    case Reason::kAuditUnavailable:
      return "the decision could not be recorded in the audit log of this node; ask your platform team.";
  }
  return "";
}

}  // namespace pullseal::gate
