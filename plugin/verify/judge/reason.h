// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_JUDGE_REASON_H_
#define PULLSEAL_VERIFY_JUDGE_REASON_H_

#include <span>
#include <string_view>

namespace pullseal::judge {

// Outcome is what a decision can be. Could-not-decide is neither a yes nor a no: trouble is never read as "unsigned"
// and never as "signed".
enum class Outcome { kAllow, kDeny, kUnavailable };

// Reason is why. What else there is to say of one stands in its row of the table in reason.cc and nowhere else.
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
  kAttributeUnknown,
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
  kAttestationMissing,
  kAttestationUntrusted,
  kAttestationMalformed,
  kAttestationMismatch,
  kAttestationStale,
  kProvenanceMismatch,
  kVerificationFailed,
  kAnnotationMismatch,
  kRepositoryMismatch,
  kSignatureExpired,
  kKeyNotYetValid,
  kKeyExpired,
  kKeyRevoked,
  kCertificateRevoked,
  kThresholdNotMet,
  kReferenceInvalid,
  kNotOnNode,
  kImageNameMismatch,
  kProvenanceUnproven,
  kImageLinkUnproven,
  kCheckpointRefused,
  kRequestMalformed,
  // could not decide
  kRegistryError,
  kRegistryUnreachable,
  kRegistrySlow,
  kRegistryThrottled,
  kRegistryUnauthorized,
  kImageNotFound,
  kEvidenceLimit,
  kEvidenceUnavailable,
  kRuntimeUnreachable,
  kDecisionTimeout,
  kDecisionFailed,
  kOverloaded,
  kPolicyUnavailable,
  kAuditUnavailable,
};

// ReasonRow is all that is said of one reason. Its place in the table is its rank: within denials and within
// could-not-decide a later one tells more and wins when several compete.
struct ReasonRow {
  Reason reason;
  std::string_view slug;  // stable: stands in refusals, audit records, metrics and docs
  Outcome outcome;
  // What a refusal means and what to do next, for a pod's author. Fixed, without remote text, so that it is the same on
  // every attempt.
  std::string_view sentence;
  // Who acts, and what they look at first, for docs/refusals.md (Markdown, no table separators). Empty where it allows.
  std::string_view who_acts;
  // Somebody answered, though not about signatures: the image is not there, or these credentials may not see it. Such a
  // refusal bears no first word, so that the kubelet tells it as any other failed pull, and pages nobody.
  bool answered = false;
};

// All reasons in the order of their rank; a test compares docs/refusals.md with it.
std::span<const ReasonRow> Reasons();

std::string_view Slug(Reason reason);
Outcome OutcomeOf(Reason reason);
std::string_view Sentence(Reason reason);
// ReasonRow::answered.
bool IsAnswered(Reason reason);

}  // namespace pullseal::judge

#endif  // PULLSEAL_VERIFY_JUDGE_REASON_H_
