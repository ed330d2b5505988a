// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_OCI_LIMITS_H_
#define PULLSEAL_IMAGE_OCI_LIMITS_H_

#include <cstddef>

#include "core/base/units.h"

// What image/oci reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// The distribution specification asks registries and clients to support manifests of 4 MiB; none larger is needed.
inline constexpr std::size_t kManifestBytes = 4 * kMiB;
// An image config: usually 2 to 20 KiB; history and labels can grow it.
inline constexpr std::size_t kImageConfigBytes = 4 * kMiB;
// Signatures examined per subject: each costs one blob fetch and one verification.
inline constexpr std::size_t kSignatures = 128;
// One signature: a keyless bundle is 6 to 20 KiB. What is larger is an attestation.
inline constexpr std::size_t kSignatureBytes = 256 * kKiB;
// A simple-signing payload is about 250 bytes; signed annotations can make it larger.
inline constexpr std::size_t kPayloadBytes = 64 * kKiB;
// A Sigstore bundle: 0.7 KiB with a key, 16 KiB with a certificate; attestations with an SBOM inside reach megabytes.
inline constexpr std::size_t kBundleBytes = 16 * kMiB;
// Manifests in one image index: the largest multi-platform images have about 60 with attestations.
inline constexpr std::size_t kIndexManifests = 1024;
// Layers of one image: overlay file systems stop at 128 lower layers, builders at 127.
inline constexpr std::size_t kLayers = 512;
inline constexpr std::size_t kDigestBytes = 256;  // of any algorithm: sha512 has 135
// A reference as containerd takes it: 255 for host and repository, 128 for the tag, 72 for a digest.
inline constexpr std::size_t kReferenceBytes = 512;

}  // namespace pullseal::limits

#endif  // PULLSEAL_IMAGE_OCI_LIMITS_H_
