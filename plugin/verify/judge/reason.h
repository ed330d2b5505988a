// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_JUDGE_REASON_H_
#define PULLSEAL_VERIFY_JUDGE_REASON_H_

#include <string_view>

namespace pullseal::judge {

// Outcome is what a decision can be. Could-not-decide is neither a yes nor a no: trouble is never read as "unsigned"
// and never as "signed".
enum class Outcome { kAllow, kDeny, kUnavailable };

// Reason is why. Each has a stable slug that stands in refusals, audit records, metrics and docs. Within denials and
// within could-not-decide, a later enumerator tells more and wins when several reasons compete.
enum class Reason {
  // allow
  kSigned,
  kExempt,
  kException,
  // deny
  kNoRule,
  kRuleDenies,
  kSignatureMissing,
  kSignatureInvalid,
  kBundleMalformed,
  kCertificateInvalid,
  kLogEntryMissing,
  kLogEntryMismatch,
  kLogEntryInvalid,
  kTimestampInvalid,
  kTimeMissing,
  kTimeOutsideCertificate,
  kCertificateExpired,
  kIssuerMismatch,
  kIdentityMismatch,
  kDigestMismatch,
  kAnnotationMismatch,
  kRepositoryMismatch,
  kKeyNotYetValid,
  kKeyExpired,
  kKeyRevoked,
  kThresholdNotMet,
  kReferenceInvalid,
  kImageNameMismatch,
  kImageLinkUnproven,
  kCheckpointRefused,
  kRequestMalformed,
  // could not decide
  kRegistryError,
  kRegistryUnreachable,
  kRegistrySlow,
  kRegistryThrottled,
  kRegistryUnauthorized,
  kEvidenceLimit,
  kEvidenceUnavailable,
  kRuntimeUnreachable,
  kDecisionTimeout,
  kOverloaded,
  kPolicyUnavailable,
  kAuditUnavailable,
};

std::string_view Slug(Reason reason);
Outcome OutcomeOf(Reason reason);

}  // namespace pullseal::judge

#endif  // PULLSEAL_VERIFY_JUDGE_REASON_H_
