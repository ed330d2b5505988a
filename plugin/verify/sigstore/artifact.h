// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_ARTIFACT_H_
#define PULLSEAL_VERIFY_SIGSTORE_ARTIFACT_H_

#include <optional>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "verify/sigstore/bundle.h"
#include "verify/sigstore/signed_material.h"

namespace pullseal::sigstore {

// Artifact is what a signature is said to be for: bytes, or only their SHA-256 digest.
struct Artifact {
  std::optional<Bytes> bytes;
  Bytes sha256;  // always there
};

// Bind ties what is signed in `bundle` to the artifact. A message signature is over the artifact: `material` gets its
// bytes or digest, and the digest that the bundle gives, a hint that nobody signed, must agree with it. A DSSE envelope
// must hold an in-toto statement, the artifact among its subjects by SHA-256 or SHA-512. kMismatch if it is about
// something else, kInvalid if the statement cannot be read. Proves nothing before the material is verified.
Status Bind(const Bundle& bundle, const Artifact& artifact, SignedMaterial& material);

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_ARTIFACT_H_
