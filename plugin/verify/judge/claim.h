// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_JUDGE_CLAIM_H_
#define PULLSEAL_VERIFY_JUDGE_CLAIM_H_

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "image/oci/digest.h"
#include "verify/judge/judge.h"
#include "verify/notary/envelope.h"
#include "verify/signature/statement.h"
#include "verify/sigstore/signed_material.h"

namespace pullseal::judge {

// Claim is what a signer says about one subject. It proves nothing before its signature is verified.
struct Claim {
  std::string repository;  // the image's name as the signer gives it, empty if it does not
  std::map<std::string, std::string> annotations;
};

// Material is one signature with what came to verify it, in one of the forms that are known. Attribute
// (verify/judge/authority.h) has an overload for each.
using Material = std::variant<sigstore::SignedMaterial, notary::Envelope>;

// SignedContent is one signature brought to a common form: what is needed to verify it, and what it claims.
// Nothing in it is verified. Immutable; thread-safe.
struct SignedContent {
  // Read takes apart a simple-signing layer, a Sigstore bundle, a DSSE envelope or a Notary Project envelope, by its
  // media type, with what its annotations add. kInvalid or kLimit.
  static Result<SignedContent> Read(const SignatureEvidence& evidence);

  // The claims about `subject`; none if it is about other content only. kInvalid if the payload cannot be read.
  Result<std::vector<Claim>> Claims(const oci::Digest& subject) const;

  // Whether it is a statement of any type but the one that means "this image is signed". Readable before the signature
  // is verified, so it may only ever keep something from counting.
  bool IsAttestation() const;
  // Of the statement; empty if there is none that can be read.
  std::string predicate_type() const;

  // What is claimed, by the form it was found in.
  struct SimpleSigning {
    Bytes payload;  // read only once it is known who signed it
  };
  // Of an envelope: the statement, or why it cannot be read.
  using Envelope = Result<signature::Statement>;
  struct NotaryPayload {
    Bytes payload;  // likewise
  };

  Material material;
  std::variant<SimpleSigning, Envelope, NotaryPayload> claimed;
};

}  // namespace pullseal::judge

#endif  // PULLSEAL_VERIFY_JUDGE_CLAIM_H_
