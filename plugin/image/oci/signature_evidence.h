// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_OCI_SIGNATURE_EVIDENCE_H_
#define PULLSEAL_IMAGE_OCI_SIGNATURE_EVIDENCE_H_

#include <map>
#include <string>

#include "core/base/clock.h"
#include "core/base/shared_bytes.h"
#include "image/oci/digest.h"

namespace pullseal::oci {

// SignatureEvidence is one signature as it was found, not verified: a layer of a manifest with its blob. Its media type
// says in which form: simple signing, a Sigstore bundle, a bare DSSE envelope, or a Notary Project envelope;
// annotations of the layer can hold certificate, log entry and timestamp, but for the last, which has all of it inside
// and none. The same object goes from the registry or the disk to the judge and back to the disk; copies share the
// bytes.
struct SignatureEvidence {
  Digest blob;  // digest of `payload`, checked where it was read
  std::string media_type;
  SharedBytes payload;
  std::map<std::string, std::string> annotations;
  WallTime fetched = {};  // when a registry last had it; decides nothing about whether it counts

  // Whether both are the same signature, whenever they were fetched.
  bool IsSame(const SignatureEvidence& other) const {
    return blob == other.blob && media_type == other.media_type && annotations == other.annotations;
  }
};

}  // namespace pullseal::oci

#endif  // PULLSEAL_IMAGE_OCI_SIGNATURE_EVIDENCE_H_
