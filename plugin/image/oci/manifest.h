// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_OCI_MANIFEST_H_
#define PULLSEAL_IMAGE_OCI_MANIFEST_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "image/oci/digest.h"

namespace pullseal::oci {

// Media type of an OCI image index, which the referrers API answers with (OCI image specification, "Media Types").
inline constexpr std::string_view kIndexMediaType = "application/vnd.oci.image.index.v1+json";

// Platform says for which machines a manifest of an index is.
struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;
};

// Descriptor points at content (OCI image specification, descriptor).
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::int64_t size = 0;  // bytes, never negative
  std::optional<Platform> platform;
  std::map<std::string, std::string> annotations;
  std::string artifact_type;  // what the artifact it points at is, as somebody says; empty if nobody does
};

// UnreadDescriptor is an entry of a list that we cannot follow, because its digest is of another algorithm than ours (a
// list of evidence: for whatever reason). Everything as written, unchecked.
struct UnreadDescriptor {
  std::string digest;
  std::string media_type;
  std::string artifact_type;
  std::optional<Platform> platform;
};

// Manifest is an image manifest or an image index (OCI image specification; Docker image manifest version 2 schema 2).
// If one exists it is one of both and not both: a document with "manifests" and with "config" or "layers" is refused,
// as is one whose mediaType says another thing than its members, and schema version 1. Null counts as absent.
struct Manifest {
  enum class Kind { kImage, kIndex };

  // Parse reads the JSON in `bytes` (at most limits::kManifestBytes). `media_type` is what its source called it, empty
  // if unknown; it must agree with the document. A document that containerd would read otherwise or not at all is
  // refused whole (json::CheckShape). kInvalid or kLimit.
  static Result<Manifest> Parse(ByteView bytes, std::string_view media_type);

  // ParseList reads a document that lists evidence (referrers, the layers of a signature manifest), which no container
  // is made of: entries that cannot be read are set aside and hurt none beside them. kInvalid or kLimit.
  static Result<Manifest> ParseList(ByteView bytes, std::string_view media_type);

  Kind kind = Kind::kImage;
  std::string media_type;             // as the document says, empty if it does not
  std::optional<Descriptor> config;   // image only
  std::vector<Descriptor> layers;     // image only, at most limits::kLayers
  std::vector<Descriptor> manifests;  // index only, at most limits::kIndexManifests
  // What is missing in `manifests`, or in the `layers` of a list of evidence. The two together keep to their bounds.
  std::vector<UnreadDescriptor> unread;
  std::string artifact_type;          // empty if the document names none
  std::optional<Descriptor> subject;  // what it refers to
  std::map<std::string, std::string> annotations;
};

bool IsIndexMediaType(std::string_view media_type);
bool IsImageMediaType(std::string_view media_type);

// ImageConfig is the part of an image's configuration that ties an image ID to the content of its root file system.
struct ImageConfig {
  // Parse reads the JSON in `bytes`. kInvalid, e.g. without rootfs.diff_ids, or if containerd would read it otherwise
  // or not at all (json::CheckShape).
  static Result<ImageConfig> Parse(ByteView bytes);

  std::vector<Digest> diff_ids;  // uncompressed layers, lowest first

  // The name containerd gives the snapshot of all layers together (OCI image specification, "Layer ChainID"):
  // ChainID(L0) = L0; ChainID(L0..Ln) = SHA-256(ChainID(L0..Ln-1) + " " + Ln). Empty without layers.
  std::string ChainId() const;
  // The same after each layer, lowest first: the names of all snapshots below and including it.
  std::vector<std::string> ChainIds() const;
};

}  // namespace pullseal::oci

#endif  // PULLSEAL_IMAGE_OCI_MANIFEST_H_
