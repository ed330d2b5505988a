// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_VERIFY_H_
#define PULLSEAL_VERIFY_SIGSTORE_VERIFY_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/crypto/public_key.h"
#include "verify/signature/flaw.h"
#include "verify/sigstore/certificate_identity.h"
#include "verify/sigstore/demands.h"
#include "verify/sigstore/signed_material.h"
#include "verify/sigstore/trusted_material.h"

// Verifying one signature offline, as the Sigstore client specification lays it out: from what came with the signature
// and from what is trusted, to who signed and when. The steps stand in verify.cc, numbered.
namespace pullseal::sigstore {

// Proof is what a good signature proves.
struct Proof {
  std::optional<CertificateIdentity> identity;  // of the certificate; absent for signatures by a key
  std::vector<signature::ProvenTime> times;     // at least one for certificates
  std::size_t logs = 0;                         // distinct logs with a verified entry
  std::size_t timestamp_authorities = 0;
};

// Verification is the answer: a proof, or the flaw.
struct Verification {
  std::optional<Proof> proof;
  signature::Flaw flaw = signature::Flaw::kMalformed;
  std::string detail;  // what is wrong, for people
};

// VerifyCertificate verifies a signature whose material has a certificate. Reads no clock: times are those the evidence
// proves. Thread-safe.
Verification VerifyCertificate(const SignedMaterial& material, const TrustedMaterial& trusted, const Demands& demands);

// VerifyKey verifies a signature by `key`. With `trusted`, log entries and timestamps that came along are verified and
// prove times; a false one refuses the signature. Without, they are not looked at. A bundle with a certificate is
// signed by that and by no key; a legacy layer may carry a certificate of the key's owner, which proves nothing.
// `demands.certificate_logs` is of no meaning. Thread-safe.
Verification VerifyKey(const SignedMaterial& material, const crypto::PublicKey& key, const TrustedMaterial* trusted,
                       const Demands& demands);

// VerifyHolder verifies a signature by the key of the certificate that came with it, whoever issued that: who it is,
// and whether it may sign, is the caller's to ask. `trusted` as in VerifyKey. Thread-safe.
Verification VerifyHolder(const SignedMaterial& material, const TrustedMaterial* trusted, const Demands& demands);

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_VERIFY_H_
