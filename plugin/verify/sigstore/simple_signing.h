// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_SIMPLE_SIGNING_H_
#define PULLSEAL_VERIFY_SIGSTORE_SIMPLE_SIGNING_H_

#include <map>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "image/oci/digest.h"

namespace pullseal::sigstore {

// SimpleSigning is a signed claim that an image is what its signer means (cosign SIGNATURE_SPEC, "Simple Signing").
// It proves nothing before the signature over the exact bytes is verified.
struct SimpleSigning {
  // Parse reads the payload strictly: `critical` with exactly `identity`, `image` and `type`, the type "cosign
  // container image signature", and `optional` an object of values or null. At most limits::kPayloadBytes. kInvalid or
  // kLimit.
  static Result<SimpleSigning> Parse(ByteView payload);

  oci::Digest digest;                              // critical.image.docker-manifest-digest
  std::string repository;                          // critical.identity.docker-reference, may be empty
  std::map<std::string, std::string> annotations;  // members of `optional` that are strings
};

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_SIMPLE_SIGNING_H_
