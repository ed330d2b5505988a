// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_JUDGE_AUTHORITY_H_
#define PULLSEAL_VERIFY_JUDGE_AUTHORITY_H_

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "verify/judge/judge.h"
#include "policy/model/model.h"
#include "verify/sigstore/signed_material.h"

namespace pullseal::judge {

// Attribution says for which authorities of a requirement one signature is good, or why for none.
struct Attribution {
  Reason reason = Reason::kSignatureInvalid;  // kSigned if for at least one
  Signer signer;
  std::set<std::size_t> authorities;  // numbered as in Finding
  std::vector<WallTime> times;
  std::string detail;
};

// Attribute verifies `material` for the authorities of `requirement`: by the keys, each with its window and revocation,
// or by certificate for the identities. What was signed is not looked at. Thread-safe.
Attribution Attribute(const sigstore::SignedMaterial& material, const policy::SignatureRequirement& requirement,
                      WallTime now);

// How many authorities have a signer of their own, so that neither one signer counts twice nor one authority: the size
// of a maximum matching between signers and the authorities they satisfy.
std::size_t CountAuthorities(const std::vector<Finding>& findings);

}  // namespace pullseal::judge

#endif  // PULLSEAL_VERIFY_JUDGE_AUTHORITY_H_
