// SPDX-License-Identifier: Apache-2.0
#include "verify/judge/reason.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace pullseal::judge {
namespace {

// The table. A new reason is an enumerator, a row at its rank, and the row of docs/refusals.md that the test prints.
constexpr std::array kRows = std::to_array<ReasonRow>({
    {.reason = Reason::kSigned,
     .slug = "signed",
     .outcome = Outcome::kAllow,
     .sentence = "a signature satisfies the rule.",
     .who_acts = ""},
    {.reason = Reason::kExempt,
     .slug = "exempt",
     .outcome = Outcome::kAllow,
     .sentence = "the rule exempts this image.",
     .who_acts = ""},
    {.reason = Reason::kException,
     .slug = "exception",
     .outcome = Outcome::kAllow,
     .sentence = "an exception frees this image until it expires.",
     .who_acts = ""},
    {.reason = Reason::kNoRule,
     .slug = "no-rule",
     .outcome = Outcome::kDeny,
     .sentence = "no rule of this node's policy covers this image in this namespace; use an image from a registry the "
                 "policy names, or ask your platform team to add a rule.",
     .who_acts = "developer: use a covered registry; platform team: add a rule"},
    {.reason = Reason::kRuleDenies,
     .slug = "rule-denies",
     .outcome = Outcome::kDeny,
     .sentence = "this node's policy forbids this image; use another image, or ask your platform team why.",
     .who_acts = "developer: another image; platform team: knows why the rule is there"},
    {.reason = Reason::kSignatureMissing,
     .slug = "signature-missing",
     .outcome = Outcome::kDeny,
     .sentence =
         "the image has no signature in its registry; sign it with cosign in your release pipeline, or deploy a "
         "release that is signed.",
     .who_acts = "developer: the release pipeline did not sign this very digest (a rebuilt tag, a copied image, an "
                 "attestation that is taken for a signature)"},
    {.reason = Reason::kSignatureInvalid,
     .slug = "signature-invalid",
     .outcome = Outcome::kDeny,
     .sentence =
         "the image has signatures, but none by a key or identity this rule trusts; sign it as your platform team "
         "says for this rule.",
     .who_acts =
         "developer: signed by another key, or keyless where the rule names keys; platform team: is the key in the "
         "rule?"},
    {.reason = Reason::kBundleMalformed,
     .slug = "bundle-malformed",
     .outcome = Outcome::kDeny,
     .sentence = "the image's signature is not in a form that can be read; sign the image again.",
     .who_acts = "developer: sign again; if it was cosign that wrote it, report it to us"},
    {.reason = Reason::kCertificateInvalid,
     .slug = "certificate-invalid",
     .outcome = Outcome::kDeny,
     .sentence =
         "the signing certificate is not one this node trusts; sign with the identity and Sigstore instance your "
         "platform team names.",
     .who_acts =
         "developer: signed against another Sigstore instance than the rule trusts, or with a certificate not made "
         "for code; platform team: `pullseal trust show` of the trust root"},
    {.reason = Reason::kAttributeUnknown,
     .slug = "attribute-unknown",
     .outcome = Outcome::kDeny,
     .sentence =
         "the signature asks whoever verifies it for something that is not done here; sign the image again without "
         "critical attributes or a verification plugin.",
     .who_acts =
         "developer: signed with a notation plugin that wants itself to verify (AWS Signer); sign with another"},
    {.reason = Reason::kLogEntryMissing,
     .slug = "log-entry-missing",
     .outcome = Outcome::kDeny,
     .sentence =
         "the signature has no entry in a transparency log this node trusts; sign again with upload to the log.",
     .who_acts =
         "developer: signed without the transparency log, or with one the trust root does not list; platform team: "
         "`requireLog`, the trust root's age"},
    {.reason = Reason::kLogEntryMismatch,
     .slug = "log-entry-mismatch",
     .outcome = Outcome::kDeny,
     .sentence = "the transparency log entry beside the signature belongs to another signature; sign the image again.",
     .who_acts = "developer: sign again; security: somebody put another signature's entry beside this one"},
    {.reason = Reason::kLogEntryInvalid,
     .slug = "log-entry-invalid",
     .outcome = Outcome::kDeny,
     .sentence = "the transparency log entry beside the signature does not hold; sign the image again, and tell your "
                 "security team if it recurs.",
     .who_acts = "developer: sign again; security: an entry, proof or checkpoint was changed, or the log's key in the "
                 "trust root is out of date"},
    {.reason = Reason::kTimestampInvalid,
     .slug = "timestamp-invalid",
     .outcome = Outcome::kDeny,
     .sentence = "the timestamp beside the signature does not hold; sign the image again, and check the timestamp "
                 "authority.",
     .who_acts = "developer: sign again with a timestamp authority the trust root lists; platform team: "
                 "`requireTimestamp`, the authority's window in the trust root"},
    {.reason = Reason::kTimeMissing,
     .slug = "time-missing",
     .outcome = Outcome::kDeny,
     .sentence =
         "nothing proves when the signature was made; sign with a transparency log that tells the time, or with a "
         "timestamp authority.",
     .who_acts = "developer: Rekor v2 tells no time, so a timestamp is needed (cosign's default does it)"},
    {.reason = Reason::kTimeOutsideCertificate,
     .slug = "time-outside-certificate",
     .outcome = Outcome::kDeny,
     .sentence =
         "the signature was made before or after its certificate was valid; sign again with a fresh certificate.",
     .who_acts =
         "developer: a certificate lives ten minutes; sign with a fresh one; on-call: is the clock of the log or "
         "timestamp authority right?"},
    {.reason = Reason::kCertificateExpired,
     .slug = "certificate-expired",
     .outcome = Outcome::kDeny,
     .sentence =
         "the authority that issued the signing certificate was not valid when the signature was made; sign the "
         "image again with a current one.",
     .who_acts =
         "platform team: the trust root's authority had ended when the image was signed; is the trust root out of "
         "date?"},
    {.reason = Reason::kIssuerMismatch,
     .slug = "issuer-mismatch",
     .outcome = Outcome::kDeny,
     .sentence = "the image was signed with an identity from another issuer than this rule names; sign in the pipeline "
                 "your platform team names.",
     .who_acts = "developer: signed with another login (a laptop instead of CI); platform team: `issuer` of the rule"},
    {.reason = Reason::kIdentityMismatch,
     .slug = "identity-mismatch",
     .outcome = Outcome::kDeny,
     .sentence =
         "the image was signed by another identity than this rule names; sign in the workflow your platform team "
         "names, or ask for the rule to be changed.",
     .who_acts = "developer: another workflow, branch or account signed; platform team: `subject`, `subjectPattern`, "
                 "`extensions` of the rule"},
    {.reason = Reason::kDigestMismatch,
     .slug = "digest-mismatch",
     .outcome = Outcome::kDeny,
     .sentence = "the signature found was made for another image; sign this very image.",
     .who_acts = "developer: a signature was copied from another image"},
    {.reason = Reason::kAttestationMissing,
     .slug = "attestation-missing",
     .outcome = Outcome::kDeny,
     .sentence =
         "the image has no attestation this rule asks for; attest it in your pipeline (cosign attest), and copy "
         "images with their attestations.",
     .who_acts = "developer: attest in the pipeline, copy with attestations (`cosign copy`, `oras cp -r`); the record "
                 "names the entry"},
    {.reason = Reason::kAttestationUntrusted,
     .slug = "attestation-untrusted",
     .outcome = Outcome::kDeny,
     .sentence = "attestations of the right type are there, but none by a key or identity this rule trusts; attest as "
                 "your platform team says.",
     .who_acts = "developer: attest with the named key or workflow; platform team: `by` of the entry"},
    {.reason = Reason::kAttestationMalformed,
     .slug = "attestation-malformed",
     .outcome = Outcome::kDeny,
     .sentence =
         "an attestation this rule asks for is not in the form its type prescribes; make it again with a current "
         "tool.",
     .who_acts = "developer: make it again; the record says what is wrong"},
    {.reason = Reason::kAttestationMismatch,
     .slug = "attestation-mismatch",
     .outcome = Outcome::kDeny,
     .sentence = "an attestation does not say what this rule asks; see the node's record for the place.",
     .who_acts = "developer: the record names entry and place; platform team: `where` of the entry"},
    {.reason = Reason::kAttestationStale,
     .slug = "attestation-stale",
     .outcome = Outcome::kDeny,
     .sentence = "the newest attestation is older than this rule allows; make it again for this image.",
     .who_acts = "developer: run the scan or the verification again; platform team: `maxAge`, `maxAgeKnown`"},
    {.reason = Reason::kProvenanceMismatch,
     .slug = "provenance-mismatch",
     .outcome = Outcome::kDeny,
     .sentence =
         "the image was not built by the builder, from the source or with the parameters this rule names; release "
         "it through the named pipeline.",
     .who_acts = "developer: release through the pipeline; platform team: `builders`, `sources`, `refs`, `parameters`"},
    {.reason = Reason::kVerificationFailed,
     .slug = "verification-failed",
     .outcome = Outcome::kDeny,
     .sentence = "the verifier this rule trusts did not pass this image, or not at the level asked; see its report.",
     .who_acts = "developer: the verifier's report says why"},
    {.reason = Reason::kAnnotationMismatch,
     .slug = "annotation-mismatch",
     .outcome = Outcome::kDeny,
     .sentence =
         "the signature lacks an annotation this rule asks for; sign with the annotations your platform team names "
         "(cosign sign -a key=value).",
     .who_acts = "developer: sign with `-a`; platform team: names the annotations"},
    {.reason = Reason::kRepositoryMismatch,
     .slug = "repository-mismatch",
     .outcome = Outcome::kDeny,
     .sentence =
         "the signature was made for another repository; sign the image under the name it is deployed from, or ask "
         "for an alias in the rule.",
     .who_acts = "developer: sign under the deployed name; platform team: `aliases` for imports and mirrors"},
    {.reason = Reason::kSignatureExpired,
     .slug = "signature-expired",
     .outcome = Outcome::kDeny,
     .sentence = "the signature was made to be good for a time, which has passed; sign the image again.",
     .who_acts = "developer: sign again, or with a later expiry (notation sign --expiry)"},
    {.reason = Reason::kKeyNotYetValid,
     .slug = "key-not-yet-valid",
     .outcome = Outcome::kDeny,
     .sentence = "the signing key may not be used yet; check the key's notBefore with your platform team.",
     .who_acts = "platform team: `notBefore` of the key, or the clock of the node"},
    {.reason = Reason::kKeyExpired,
     .slug = "key-expired",
     .outcome = Outcome::kDeny,
     .sentence = "the signing key has expired; sign the image again with the current key.",
     .who_acts = "developer: sign again; platform team: was the overlap of keys long enough?"},
    {.reason = Reason::kKeyRevoked,
     .slug = "key-revoked",
     .outcome = Outcome::kDeny,
     .sentence = "the signing key has been revoked; sign the image again with a key that is still trusted.",
     .who_acts = "developer: sign again with a trusted key; security: knows why"},
    {.reason = Reason::kCertificateRevoked,
     .slug = "certificate-revoked",
     .outcome = Outcome::kDeny,
     .sentence =
         "a certificate of the signature, or of its timestamp, has been revoked; sign the image again with one that is "
         "still trusted.",
     .who_acts =
         "developer: sign again with another certificate; security: knows why; `revoked` of the trust store, or its "
         "issuer's list"},
    {.reason = Reason::kThresholdNotMet,
     .slug = "threshold-not-met",
     .outcome = Outcome::kDeny,
     .sentence = "the image lacks signatures of enough distinct signers; have every required party sign it.",
     .who_acts = "developer: the other party must sign too"},
    {.reason = Reason::kReferenceInvalid,
     .slug = "reference-invalid",
     .outcome = Outcome::kDeny,
     .sentence = "the image name is not valid; correct the name in the pod.",
     .who_acts = "developer: a typing error in the pod"},
    {.reason = Reason::kNotOnNode,
     .slug = "not-on-node",
     .outcome = Outcome::kDeny,
     .sentence = "what the request names (image, container or pod) is not on this node; it is pulled or made again.",
     .who_acts =
         "nobody, mostly: containerd removed it between two calls of the kubelet; gRPC status NOT_FOUND, and no "
         "first word",
     .answered = true},
    {.reason = Reason::kImageNameMismatch,
     .slug = "image-name-mismatch",
     .outcome = Outcome::kDeny,
     .sentence = "the image on this node was never pulled under the name the pod gives; pull it by that name "
                 "(imagePullPolicy: Always), or correct the name.",
     .who_acts =
         "developer: the name in the pod is not one the node pulled this content by; `imagePullPolicy: Always`"},
    {.reason = Reason::kProvenanceUnproven,
     .slug = "provenance-unproven",
     .outcome = Outcome::kDeny,
     .sentence =
         "the rule lets this image run unsigned, but nothing proves that its content came from that repository; use "
         "the repository's own image, or ask your platform team to note it on the node.",
     .who_acts = "platform team: an import, a kind load or an air gap needs `pullseal note IMAGE` on the node, a "
                 "re-tagged image "
                 "`match.sources` in its rule, a fixed one `match.digests`; security: else somebody gave content a "
                 "name that is "
                 "not its own"},
    {.reason = Reason::kImageLinkUnproven,
     .slug = "image-link-unproven",
     .outcome = Outcome::kDeny,
     .sentence =
         "it cannot be proven that the content on this node is the content that was signed; remove the image from "
         "the node and pull it again.",
     .who_acts =
         "on-call: remove the image from the node (`crictl rmi`) and let it be pulled again; if it comes back, the "
         "store of this node was changed: security"},
    {.reason = Reason::kCheckpointRefused,
     .slug = "checkpoint-refused",
     .outcome = Outcome::kDeny,
     .sentence = "containers are not restored from checkpoints on this node; deploy the image itself.",
     .who_acts = "developer: deploy the image"},
    {.reason = Reason::kRequestMalformed,
     .slug = "request-malformed",
     .outcome = Outcome::kDeny,
     .sentence = "the request is not a valid CRI message.",
     .who_acts = "on-call: something other than a kubelet speaks on the socket, or `unknownFields: deny` meets a newer "
                 "kubelet"},
    {.reason = Reason::kRegistryError,
     .slug = "registry-error",
     .outcome = Outcome::kUnavailable,
     .sentence = "the registry's answer did not allow a decision; it is tried again.",
     .who_acts =
         "on-call: the registry; if the pod reads of the node's configuration, hosts.toml and its certificates"},
    {.reason = Reason::kRegistryUnreachable,
     .slug = "registry-unreachable",
     .outcome = Outcome::kUnavailable,
     .sentence = "the registry cannot be reached from this node to look for signatures; it is tried again.",
     .who_acts = "on-call: network, DNS, firewall, certificates of the node: [registries](registries.md)"},
    {.reason = Reason::kRegistrySlow,
     .slug = "registry-slow",
     .outcome = Outcome::kUnavailable,
     .sentence = "the registry answers too slowly to look for signatures; it is tried again.",
     .who_acts = "on-call: the registry, the network between"},
    {.reason = Reason::kRegistryThrottled,
     .slug = "registry-throttled",
     .outcome = Outcome::kUnavailable,
     .sentence = "the registry limits requests at the moment; it is tried again.",
     .who_acts = "on-call: quota of the registry, `gate.decisionTimeout`: [registries](registries.md); "
                 "`pullseal_registry_requests_total{code=\"429\"}`"},
    {.reason = Reason::kRegistryUnauthorized,
     .slug = "registry-unauthorized",
     .outcome = Outcome::kUnavailable,
     .sentence = "the registry refused the credentials for this image; check the pod's imagePullSecrets or the node's "
                 "access.",
     .who_acts = "developer: imagePullSecrets; on-call: the node's own access: [registries](registries.md)",
     .answered = true},
    {.reason = Reason::kImageNotFound,
     .slug = "image-not-found",
     .outcome = Outcome::kUnavailable,
     .sentence = "the registry says that there is no such image; check its name and tag, then the pod's "
                 "imagePullSecrets: many registries hide what the credentials may not see.",
     .who_acts = "developer: a typing error, a tag that was never pushed or is deleted, imagePullSecrets",
     .answered = true},
    {.reason = Reason::kEvidenceLimit,
     .slug = "evidence-limit",
     .outcome = Outcome::kUnavailable,
     .sentence = "what the registry sent is larger or more than is accepted; remove superfluous signatures.",
     .who_acts = "developer: delete superfluous signatures of the image; security: somebody may be flooding it"},
    {.reason = Reason::kEvidenceUnavailable,
     .slug = "evidence-unavailable",
     .outcome = Outcome::kUnavailable,
     .sentence = "this node's own record of signatures does not answer; it is tried again.",
     .who_acts = "on-call: the disk of `/var/lib/pullseal` is slow, locked or broken"},
    {.reason = Reason::kRuntimeUnreachable,
     .slug = "runtime-unreachable",
     .outcome = Outcome::kUnavailable,
     .sentence = "the container runtime did not tell what is needed to decide; it is tried again.",
     .who_acts = "on-call: containerd"},
    {.reason = Reason::kDecisionTimeout,
     .slug = "decision-timeout",
     .outcome = Outcome::kUnavailable,
     .sentence = "no decision was reached in time; it is tried again.",
     .who_acts = "on-call: a slow registry; `gate.decisionTimeout`"},
    {.reason = Reason::kDecisionFailed,
     .slug = "decision-failed",
     .outcome = Outcome::kUnavailable,
     .sentence = "the decision on this call failed inside pullseal; it is tried again.",
     .who_acts = "on-call: memory of the node; if it recurs, report it to us with the daemon's log"},
    {.reason = Reason::kOverloaded,
     .slug = "overloaded",
     .outcome = Outcome::kUnavailable,
     .sentence = "too many decisions are under way on this node; it is tried again.",
     .who_acts = "on-call: a storm of pods; `gate.workers`, `gate.queue`"},
    {.reason = Reason::kPolicyUnavailable,
     .slug = "policy-unavailable",
     .outcome = Outcome::kUnavailable,
     .sentence = "this node has no readable policy, so nothing can be judged; ask your platform team.",
     .who_acts = "on-call: `pullseal status`, then `pullseal policy check` on the node"},
    {.reason = Reason::kAuditUnavailable,
     .slug = "audit-unavailable",
     .outcome = Outcome::kUnavailable,
     .sentence = "the decision could not be recorded in the audit log of this node; ask your platform team.",
     .who_acts = "on-call: the disk of the audit log is full or broken"},
});

// Each row stands where its enumerator stands, so that the enumerators' order is the rank, and outcomes do not mix.
constexpr bool IsInOrder() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].reason) != i || kRows[i].slug.empty() || kRows[i].sentence.empty())
      return false;
    if (i > 0 && kRows[i].outcome < kRows[i - 1].outcome) return false;
    if ((kRows[i].outcome == Outcome::kAllow) != kRows[i].who_acts.empty()) return false;
  }
  return kRows.size() == static_cast<std::size_t>(Reason::kAuditUnavailable) + 1;
}
static_assert(IsInOrder());

const ReasonRow& RowOf(Reason reason) {
  const auto at = static_cast<std::size_t>(reason);
  return at < kRows.size() ? kRows[at] : kRows[static_cast<std::size_t>(Reason::kPolicyUnavailable)];
}

}  // namespace

std::span<const ReasonRow> Reasons() { return kRows; }

std::string_view Slug(Reason reason) { return RowOf(reason).slug; }

Outcome OutcomeOf(Reason reason) { return RowOf(reason).outcome; }

std::string_view Sentence(Reason reason) { return RowOf(reason).sentence; }

bool IsAnswered(Reason reason) { return RowOf(reason).answered; }

}  // namespace pullseal::judge
