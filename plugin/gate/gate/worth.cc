// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/worth.h"

#include "gate/gate/limits.h"
#include "image/oci/notation.h"

namespace pullseal::gate {

using judge::Reason;

bool IsWorthKeeping(const judge::Finding& finding) {
  if (finding.reason == Reason::kSigned) return true;
  // Certificates are anybody's, so an identity counts only where it is the one that is asked for.
  const bool by_key = !finding.signer.name.empty() && finding.signer.issuer.empty();
  return by_key && (finding.reason == Reason::kKeyNotYetValid || finding.reason == Reason::kRepositoryMismatch ||
                    finding.reason == Reason::kAnnotationMismatch);
}

bool Worth::Has(const oci::SignatureEvidence& signature) {
  const bool has_chain =
      signature.media_type == oci::kNotaryJwsMediaType || signature.media_type == oci::kNotaryCoseMediaType;
  for (const policy::Rule& rule : policy_.rules) {
    if (!rule.IsJudged()) continue;
    checks_ += has_chain ? limits::kChainWorthChecks : 1;
    if (checks_ > limits::kWorthChecks) return false;
    judge::Judgement judgement(subject_, repository_, rule.require, now_);
    if (IsWorthKeeping(judgement.Add(signature))) return true;
  }
  return false;
}

}  // namespace pullseal::gate
