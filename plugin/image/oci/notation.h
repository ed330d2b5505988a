// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_OCI_NOTATION_H_
#define PULLSEAL_IMAGE_OCI_NOTATION_H_

#include <string_view>

// How notation keeps signatures of an image in its registry (Notary Project signature specification, "Storage"). Names
// only, as in cosign.h: none of it proves anything.
namespace pullseal::oci {

// What a manifest of a signature is: its artifactType, or its config's media type where it has none.
inline constexpr std::string_view kNotarySignatureType = "application/vnd.cncf.notary.signature";
// Media types of its one layer, the envelope.
inline constexpr std::string_view kNotaryJwsMediaType = "application/jose+json";
inline constexpr std::string_view kNotaryCoseMediaType = "application/cose";

}  // namespace pullseal::oci

#endif  // PULLSEAL_IMAGE_OCI_NOTATION_H_
