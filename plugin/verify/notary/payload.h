// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_PAYLOAD_H_
#define PULLSEAL_VERIFY_NOTARY_PAYLOAD_H_

#include <cstdint>
#include <map>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "image/oci/digest.h"

namespace pullseal::notary {

// Payload is what a signature is about: a manifest, whatever it is called and wherever it lies ("Payload" of the Notary
// Project's signature specification). There is no repository in it: a signature is good under every name.
struct Payload {
  // Parse reads {"targetArtifact": {mediaType, digest, size, annotations}} of at most limits::kNotaryPayloadBytes:
  // exact names, none twice, others ignored; a SHA-256 digest, at most limits::kNotaryAnnotations annotations that are
  // text. kInvalid or kLimit.
  static Result<Payload> Parse(ByteView bytes);

  std::string media_type;
  oci::Digest digest;
  std::int64_t size = 0;
  std::map<std::string, std::string> annotations;  // the signer's user metadata
};

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_PAYLOAD_H_
