// SPDX-License-Identifier: Apache-2.0
#include "image/registry/referrers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/json/value.h"
#include "image/oci/cosign.h"
#include "image/oci/notation.h"

namespace pullseal::registry {
namespace {

Error NoIndex(const std::string& why) { return Error{ErrorCode::kRemote, "the list of referrers is no index: " + why}; }

// How worth looking at an entry is, the lower the better; absent where it says that it is something else.
std::optional<int> RankOf(const json::Value& entry, const Wanted& wanted) {
  const std::string* type = entry.FindString("artifactType");
  const bool unnamed = type == nullptr || type->empty() || *type == oci::kEmptyType;
  const bool signature =
      !unnamed && !wanted.attestations && (*type == oci::kCosignSignatureType || *type == oci::kNotarySignatureType);
  if (!unnamed && !signature && !type->starts_with(oci::kBundleMediaTypePrefix)) {
    return std::nullopt;
  }
  const json::Value* annotations = entry.Find("annotations");
  const std::string* hint = annotations != nullptr ? annotations->FindString(oci::kPredicateTypeAnnotation) : nullptr;
  if (hint != nullptr) return wanted.PassesOver(*hint) ? std::nullopt : std::optional<int>(0);
  return unnamed ? 2 : 1;
}

bool IsNotarySignature(const oci::Manifest& manifest) {
  const bool named = manifest.artifact_type.empty()
                         ? manifest.config && manifest.config->media_type == oci::kNotarySignatureType
                         : manifest.artifact_type == oci::kNotarySignatureType;
  return named && manifest.layers.size() + manifest.unread.size() == 1;
}

}  // namespace

bool Wanted::PassesOver(const std::string& hint) const {
  return attestations ? !predicate_types.contains(hint) : hint != oci::kSignPredicateType;
}

std::string Wanted::Key() const {
  std::string out = attestations ? "attestations" : "";
  for (const std::string& type : predicate_types) out += "|" + type;
  return out;
}

Result<Referrers> Referrers::Parse(ByteView bytes, std::string_view media_type, const Wanted& wanted) {
  if (!media_type.empty() && !oci::IsIndexMediaType(media_type)) return NoIndex("its source calls it something else");
  const auto root = json::Parse(AsText(bytes));
  if (!root) {
    const bool limit = root.error().code == ErrorCode::kLimit;
    return limit ? root.error().In("list of referrers") : NoIndex(root.error().message);
  }
  const json::Value* version = root->Find("schemaVersion");
  if (version == nullptr || version->integer() != 2) return NoIndex("it is not of schema version 2");
  if (const std::string* own = root->FindString("mediaType"); own != nullptr && !oci::IsIndexMediaType(*own)) {
    return NoIndex("it calls itself something else");
  }
  if (root->Find("config") != nullptr || root->Find("layers") != nullptr) return NoIndex("it has an image's members");
  const json::Value* manifests = root->Find("manifests");
  // Go's writers give an empty list as null.
  if (manifests == nullptr || (manifests->array() == nullptr && !manifests->is_null())) {
    return NoIndex("it has no list of manifests");
  }
  Referrers out;
  if (manifests->is_null()) return out;
  std::vector<std::pair<int, oci::Digest>> ranked;
  for (const json::Value& entry : *manifests->array()) {
    const auto rank = RankOf(entry, wanted);
    const std::string* text = entry.FindString("digest");
    const auto digest = text != nullptr ? oci::Digest::Parse(*text) : Error{};
    if (!rank) {
      ++out.others;
    } else if (!digest) {
      ++out.unreadable;
    } else {
      ranked.emplace_back(*rank, *digest);
    }
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [rank, digest] : ranked) out.candidates.push_back(std::move(digest));
  return out;
}

bool IsNotaryEnvelope(std::string_view media_type) {
  return media_type == oci::kNotaryJwsMediaType || media_type == oci::kNotaryCoseMediaType;
}

bool IsSignatureLayer(const oci::Manifest& manifest, std::string_view media_type) {
  if (IsNotaryEnvelope(media_type)) return IsNotarySignature(manifest);
  return media_type == oci::kSimpleSigningMediaType || media_type.starts_with(oci::kBundleMediaTypePrefix);
}

bool IsAttestationLayer(std::string_view media_type) {
  return media_type == oci::kDsseMediaType || media_type.starts_with(oci::kBundleMediaTypePrefix);
}

bool SaysOther(const oci::Manifest& manifest, const Wanted& wanted) {
  const auto hint = manifest.annotations.find(std::string(oci::kPredicateTypeAnnotation));
  return hint != manifest.annotations.end() && wanted.PassesOver(hint->second);
}

}  // namespace pullseal::registry
