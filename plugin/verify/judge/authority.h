// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_JUDGE_AUTHORITY_H_
#define PULLSEAL_VERIFY_JUDGE_AUTHORITY_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "verify/judge/claim.h"
#include "verify/judge/judge.h"
#include "verify/requirement/requirement.h"
#include "verify/signature/flaw.h"

namespace pullseal::judge {

// Attribution says for which authorities of a requirement one signature is good, or why for none.
struct Attribution {
  Reason reason = Reason::kSignatureInvalid;  // kSigned if for at least one
  Signer signer;
  std::set<std::string> authorities;  // by requirement::IdOf
  std::vector<WallTime> times;
  std::optional<WallTime> good_until;  // the first moment at which this could change
  std::string detail;
  std::vector<std::string> told;  // the steps that held, for people
};

// Attribute verifies `material` for those of `authorities` that can make such a signature. One overload for each form
// of Material. What was signed is not looked at. Thread-safe.
//
// Sigstore's forms: by the keys, each with its window and revocation, or by certificate for the identities.
Attribution Attribute(const sigstore::SignedMaterial& material, const std::vector<requirement::Authority>& authorities,
                      WallTime now);

// The same for holders of an own PKI's certificates alone; the steps are numbered in holder_attribution.cc. Only for
// material with a certificate.
Attribution AttributeToHolders(const sigstore::SignedMaterial& material, const requirement::CertificateHolders& asked,
                               WallTime now);

// The reason of a flaw in a Sigstore signature.
Reason ReasonOf(signature::Flaw flaw);

// The Notary Project's: by its certificates, for the authorities of that kind.
Attribution Attribute(const notary::Envelope& envelope, const std::vector<requirement::Authority>& authorities,
                      WallTime now);

// The same for whatever form `material` is of.
Attribution Attribute(const Material& material, const std::vector<requirement::Authority>& authorities, WallTime now);

// Join takes into `out` what one authority more says of the same signature: what counts adds to what counts, else what
// tells more wins. `first`: `out` says nothing yet.
void Join(Attribution one, bool first, Attribution& out);

// How many authorities have a signer of their own, so that neither one signer counts twice nor one authority: the size
// of a maximum matching between signers and the authorities they satisfy.
std::size_t CountAuthorities(const std::vector<Finding>& findings);

}  // namespace pullseal::judge

#endif  // PULLSEAL_VERIFY_JUDGE_AUTHORITY_H_
