// SPDX-License-Identifier: Apache-2.0
#include "image/oci/manifest.h"

#include <utility>

#include "core/json/value.h"
#include "image/oci/limits.h"

namespace pullseal::oci {
namespace {

constexpr std::string_view kOciImage = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kDockerImage = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view kDockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

std::string StringOr(const json::Value& value, std::string_view name) {
  const std::string* text = value.FindString(name);
  return text != nullptr ? *text : std::string();
}

Result<std::map<std::string, std::string>> ParseAnnotations(const json::Value& value) {
  std::map<std::string, std::string> out;
  const json::Value* member = value.Find("annotations");
  if (member == nullptr || member->is_null()) return out;
  if (member->object() == nullptr) return Invalid("annotations is not an object");
  for (const auto& [name, text] : *member->object()) {
    if (text.string() == nullptr) return Invalid("annotation \"" + Printable(name, 64) + "\" is not a string");
    out.emplace(name, *text.string());
  }
  return out;
}

Result<Descriptor> ParseDescriptor(const json::Value& value) {
  if (value.object() == nullptr) return Invalid("descriptor is not an object");
  const std::string* digest_text = value.FindString("digest");
  if (digest_text == nullptr) return Invalid("descriptor has no digest");
  auto digest = Digest::Parse(*digest_text);
  if (!digest) return digest.error();
  const json::Value* size = value.Find("size");
  const auto bytes = size != nullptr ? size->integer() : std::nullopt;
  if (!bytes || *bytes < 0) return Invalid("descriptor has no valid size");
  auto annotations = ParseAnnotations(value);
  if (!annotations) return annotations.error();
  Descriptor out{StringOr(value, "mediaType"),   std::move(*digest), *bytes, std::nullopt, std::move(*annotations),
                 StringOr(value, "artifactType")};
  if (const json::Value* platform = value.Find("platform"); platform != nullptr && platform->object() != nullptr) {
    out.platform =
        Platform{StringOr(*platform, "os"), StringOr(*platform, "architecture"), StringOr(*platform, "variant")};
  }
  return out;
}

Result<std::vector<Descriptor>> ParseDescriptors(const json::Value& list, std::size_t most, const char* name) {
  if (list.array() == nullptr) return Invalid(std::string(name) + " is not an array");
  if (list.array()->size() > most) return Error{ErrorCode::kLimit, std::string(name) + " has too many entries"};
  std::vector<Descriptor> out;
  for (const json::Value& entry : *list.array()) {
    auto descriptor = ParseDescriptor(entry);
    if (!descriptor) return descriptor.error().In(name);
    out.push_back(std::move(*descriptor));
  }
  return out;
}

Status CheckMediaType(Manifest::Kind kind, std::string_view media_type, const char* whose) {
  if (media_type.empty()) return {};
  const bool agrees = kind == Manifest::Kind::kIndex ? IsIndexMediaType(media_type) : IsImageMediaType(media_type);
  if (agrees) return {};
  return Invalid(std::string(whose) + " media type \"" + Printable(media_type, 100) + "\" does not fit the document");
}

}  // namespace

bool IsIndexMediaType(std::string_view media_type) { return media_type == kIndexMediaType || media_type == kDockerIndex; }
bool IsImageMediaType(std::string_view media_type) { return media_type == kOciImage || media_type == kDockerImage; }

Result<Manifest> Manifest::Parse(ByteView bytes, std::string_view media_type) {
  if (bytes.size() > limits::kManifestBytes) return Error{ErrorCode::kLimit, "manifest is too large"};
  auto parsed = json::Parse(AsText(bytes));
  if (!parsed) return parsed.error().In("manifest");
  const json::Value& root = *parsed;
  const json::Value* version = root.Find("schemaVersion");
  if (version == nullptr || version->integer() != 2) return Invalid("manifest is not of schema version 2");
  const json::Value* config = root.Find("config");
  const json::Value* layers = root.Find("layers");
  const json::Value* manifests = root.Find("manifests");
  if (root.Find("fsLayers") != nullptr || root.Find("history") != nullptr) return Invalid("manifest is of schema 1");
  if (manifests != nullptr && (config != nullptr || layers != nullptr)) {
    return Invalid("manifest is ambiguous: it has the members of an index and of an image");
  }
  Manifest out;
  out.kind = manifests != nullptr ? Kind::kIndex : Kind::kImage;
  out.media_type = StringOr(root, "mediaType");
  if (auto status = CheckMediaType(out.kind, out.media_type, "its own"); !status) return status.error().In("manifest");
  if (auto status = CheckMediaType(out.kind, media_type, "its source's"); !status) return status.error().In("manifest");
  auto annotations = ParseAnnotations(root);
  if (!annotations) return annotations.error().In("manifest");
  out.annotations = std::move(*annotations);
  out.artifact_type = StringOr(root, "artifactType");
  if (const json::Value* subject = root.Find("subject"); subject != nullptr && !subject->is_null()) {
    auto descriptor = ParseDescriptor(*subject);
    if (!descriptor) return descriptor.error().In("subject");
    out.subject = std::move(*descriptor);
  }
  if (out.kind == Kind::kIndex) {
    auto list = ParseDescriptors(*manifests, limits::kIndexManifests, "manifests");
    if (!list) return list.error();
    out.manifests = std::move(*list);
    return out;
  }
  if (config == nullptr || layers == nullptr) return Invalid("manifest has no config or no layers");
  auto config_descriptor = ParseDescriptor(*config);
  if (!config_descriptor) return config_descriptor.error().In("config");
  auto list = ParseDescriptors(*layers, limits::kLayers, "layers");
  if (!list) return list.error();
  out.config = std::move(*config_descriptor);
  out.layers = std::move(*list);
  return out;
}

Result<ImageConfig> ImageConfig::Parse(ByteView bytes) {
  if (bytes.size() > limits::kImageConfigBytes) return Error{ErrorCode::kLimit, "image config is too large"};
  auto parsed = json::Parse(AsText(bytes));
  if (!parsed) return parsed.error().In("image config");
  const json::Value* rootfs = parsed->Find("rootfs");
  const json::Value* ids = rootfs != nullptr ? rootfs->Find("diff_ids") : nullptr;
  if (ids == nullptr || ids->array() == nullptr) return Invalid("image config has no rootfs.diff_ids");
  if (ids->array()->size() > limits::kLayers) return Error{ErrorCode::kLimit, "image config has too many layers"};
  ImageConfig out;
  for (const json::Value& id : *ids->array()) {
    if (id.string() == nullptr) return Invalid("image config has a diff ID that is not a string");
    auto digest = Digest::Parse(*id.string());
    if (!digest) return digest.error().In("image config");
    out.diff_ids.push_back(std::move(*digest));
  }
  return out;
}

std::string ImageConfig::ChainId() const {
  if (diff_ids.empty()) return {};
  std::string chain = diff_ids.front().text();
  for (std::size_t i = 1; i < diff_ids.size(); ++i) {
    chain = Digest::Of(AsBytes(chain + " " + diff_ids[i].text())).text();
  }
  return chain;
}

}  // namespace pullseal::oci
