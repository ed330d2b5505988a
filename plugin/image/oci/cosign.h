// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_OCI_COSIGN_H_
#define PULLSEAL_IMAGE_OCI_COSIGN_H_

#include <string>
#include <string_view>

#include "image/oci/digest.h"

// Where and how cosign and Sigstore's clients keep signatures of an image in its registry: media types, tags and
// annotations. Names only: for those who look for evidence and for those who read it. None of it proves anything.
namespace pullseal::oci {

// --- media types of a manifest's layers ---
// A simple-signing payload (cosign SIGNATURE_SPEC, "Payloads").
inline constexpr std::string_view kSimpleSigningMediaType = "application/vnd.dev.cosign.simplesigning.v1+json";
// How the media types of all Sigstore bundles begin, and the artifact types of the manifests around them.
inline constexpr std::string_view kBundleMediaTypePrefix = "application/vnd.dev.sigstore.bundle";
// A bare DSSE envelope, as cosign's legacy attestations are.
inline constexpr std::string_view kDsseMediaType = "application/vnd.dsse.envelope.v1+json";

// --- artifact types of manifests that refer to an image ---
// Simple-signing manifests in cosign's oci-1-1 mode.
inline constexpr std::string_view kCosignSignatureType = "application/vnd.dev.cosign.artifact.sig.v1+json";
// What cosign 3 calls every referrer in the index of the referrers tag, whatever it is.
inline constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";

// --- annotations of layers (cosign SIGNATURE_SPEC, "Signature Annotation"; cosign, pkg/oci/static) ---
// Base64 of the raw signature over the layer's bytes.
inline constexpr std::string_view kSignatureAnnotation = "dev.cosignproject.cosign/signature";
// Of legacy keyless signatures and attestations: PEM of the leaf, PEM of what issued it, the log's entry, a timestamp.
inline constexpr std::string_view kCertificateAnnotation = "dev.sigstore.cosign/certificate";
inline constexpr std::string_view kChainAnnotation = "dev.sigstore.cosign/chain";
inline constexpr std::string_view kLogEntryAnnotation = "dev.sigstore.cosign/bundle";
inline constexpr std::string_view kTimestampAnnotation = "dev.sigstore.cosign/rfc3161timestamp";

// --- annotations of manifests ---
// In which cosign 3 says what a bundle's predicate type is: a hint that nobody signed.
inline constexpr std::string_view kPredicateTypeAnnotation = "dev.sigstore.bundle.predicateType";
// The predicate type with which cosign 3 says "this image is signed". A statement of any other type is an attestation
// and no signature, whoever made it.
inline constexpr std::string_view kSignPredicateType = "https://sigstore.dev/cosign/sign/v1";

// --- tags in the image's own repository ---
// Of signatures, "sha256-HEX.sig", and of legacy attestations, ".att" (cosign SIGNATURE_SPEC, "Tag-based Discovery").
std::string SignatureTag(const Digest& subject);
std::string AttestationTag(const Digest& subject);
// Of what refers to `subject` where the registry has no referrers API, "sha256-HEX" (OCI distribution specification,
// "Referrers Tag Schema").
std::string ReferrersTag(const Digest& subject);

// What cosign signs for an image without annotations: the same bytes each time. `repository` as cosign writes it,
// host/path.
std::string UsualPayload(std::string_view repository, const Digest& digest);

}  // namespace pullseal::oci

#endif  // PULLSEAL_IMAGE_OCI_COSIGN_H_
