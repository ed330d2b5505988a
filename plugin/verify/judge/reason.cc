// SPDX-License-Identifier: Apache-2.0
#include "verify/judge/reason.h"

namespace pullseal::judge {

std::string_view Slug(Reason reason) {
  switch (reason) {
    case Reason::kSigned:
      return "signed";
    case Reason::kExempt:
      return "exempt";
    case Reason::kException:
      return "exception";
    case Reason::kNoRule:
      return "no-rule";
    case Reason::kRuleDenies:
      return "rule-denies";
    case Reason::kSignatureMissing:
      return "signature-missing";
    case Reason::kSignatureInvalid:
      return "signature-invalid";
    case Reason::kBundleMalformed:
      return "bundle-malformed";
    case Reason::kCertificateInvalid:
      return "certificate-invalid";
    case Reason::kLogEntryMissing:
      return "log-entry-missing";
    case Reason::kLogEntryMismatch:
      return "log-entry-mismatch";
    case Reason::kLogEntryInvalid:
      return "log-entry-invalid";
    case Reason::kTimestampInvalid:
      return "timestamp-invalid";
    case Reason::kTimeMissing:
      return "time-missing";
    case Reason::kTimeOutsideCertificate:
      return "time-outside-certificate";
    case Reason::kCertificateExpired:
      return "certificate-expired";
    case Reason::kIssuerMismatch:
      return "issuer-mismatch";
    case Reason::kIdentityMismatch:
      return "identity-mismatch";
    case Reason::kDigestMismatch:
      return "digest-mismatch";
    case Reason::kAnnotationMismatch:
      return "annotation-mismatch";
    case Reason::kRepositoryMismatch:
      return "repository-mismatch";
    case Reason::kKeyNotYetValid:
      return "key-not-yet-valid";
    case Reason::kKeyExpired:
      return "key-expired";
    case Reason::kKeyRevoked:
      return "key-revoked";
    case Reason::kThresholdNotMet:
      return "threshold-not-met";
    case Reason::kReferenceInvalid:
      return "reference-invalid";
    case Reason::kImageNameMismatch:
      return "image-name-mismatch";
    case Reason::kImageLinkUnproven:
      return "image-link-unproven";
    case Reason::kCheckpointRefused:
      return "checkpoint-refused";
    case Reason::kRequestMalformed:
      return "request-malformed";
    case Reason::kRegistryError:
      return "registry-error";
    case Reason::kRegistryUnreachable:
      return "registry-unreachable";
    case Reason::kRegistrySlow:
      return "registry-slow";
    case Reason::kRegistryThrottled:
      return "registry-throttled";
    case Reason::kRegistryUnauthorized:
      return "registry-unauthorized";
    case Reason::kEvidenceLimit:
      return "evidence-limit";
    case Reason::kEvidenceUnavailable:
      return "evidence-unavailable";
    case Reason::kRuntimeUnreachable:
      return "runtime-unreachable";
    case Reason::kDecisionTimeout:
      return "decision-timeout";
    case Reason::kOverloaded:
      return "overloaded";
    case Reason::kPolicyUnavailable:
      return "policy-unavailable";
    case Reason::kAuditUnavailable:
      return "audit-unavailable";
  }
  return "policy-unavailable";
}

Outcome OutcomeOf(Reason reason) {
  if (reason <= Reason::kException) return Outcome::kAllow;
  return reason <= Reason::kRequestMalformed ? Outcome::kDeny : Outcome::kUnavailable;
}

}  // namespace pullseal::judge
