// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_REFERRERS_H_
#define PULLSEAL_IMAGE_REGISTRY_REFERRERS_H_

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "image/oci/digest.h"
#include "image/oci/manifest.h"

namespace pullseal::registry {

// Wanted says what a search looks for: signatures, or attestations. What lies beside an image says of itself which it
// is; nobody signed that, so it serves only to pass over, and an attacker gains no more by it than by deleting.
struct Wanted {
  bool attestations = false;
  std::set<std::string> predicate_types;  // of attestations; those that say another are passed over unread

  // Whether a hint about a predicate type, that is there, keeps something from being looked at.
  bool PassesOver(const std::string& hint) const;
  // What makes two searches look for the same.
  std::string Key() const;
};

// Referrers is what a list of referrers says that may be a signature: of everything else only the number is kept, so
// that a list costs what its signatures cost, however many attestations lie beside them.
struct Referrers {
  // Parse reads an index (OCI image specification): the answer of the referrers API, or what is under the referrers
  // tag. An entry that says it is something else is passed over unread; one that could be a signature but has no
  // descriptor that can be followed, such as a digest by another algorithm, is counted apart. kRemote if it is no
  // index, kLimit.
  static Result<Referrers> Parse(ByteView bytes, std::string_view media_type, const Wanted& wanted = {});

  std::vector<oci::Digest> candidates;  // those that say most about being signatures first, else in the list's order
  std::size_t others = 0;               // that say they are no signatures
  std::size_t unreadable = 0;           // that could be signatures and cannot be followed
};

// Whether a layer of that media type of such a manifest can be a signature: Sigstore's of any, an envelope of the
// Notary Project's only of a manifest that is one of its signatures, by artifactType or else by its config's media
// type, and has this one layer.
bool IsSignatureLayer(const oci::Manifest& manifest, std::string_view media_type);
// Whether the media type is that of an envelope that holds all there is of a signature: its annotations say nothing.
bool IsNotaryEnvelope(std::string_view media_type);
// Whether a layer of that media type can be an attestation: a bundle, or a bare envelope under the attestations' tag.
// BuildKit's own, which nobody signed, are neither.
bool IsAttestationLayer(std::string_view media_type);
// Whether a manifest says of itself that it holds something else than what is wanted.
bool SaysOther(const oci::Manifest& manifest, const Wanted& wanted);

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_REFERRERS_H_
