// SPDX-License-Identifier: Apache-2.0
#include "image/oci/manifest.h"

#include <utility>

#include "core/json/shape.h"
#include "core/json/value.h"
#include "image/oci/go_shapes.h"
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
  const json::Value* member = json::Present(value, "annotations");
  if (member == nullptr) return out;
  if (member->object() == nullptr) return Invalid("annotations is not an object");
  for (const auto& [name, text] : *member->object()) {
    if (!text.is_null() && text.string() == nullptr) {
      return Invalid("annotation \"" + Printable(name, 64) + "\" is not a string");
    }
    out.emplace(name, text.is_null() ? std::string() : *text.string());  // Go makes an empty one of null
  }
  return out;
}

Platform ToPlatform(const json::Value& value) {
  return Platform{StringOr(value, "os"), StringOr(value, "architecture"), StringOr(value, "variant")};
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
  if (const json::Value* platform = json::Present(value, "platform")) out.platform = ToPlatform(*platform);
  return out;
}

// A digest as the specification writes them, of an algorithm that is not read here.
bool IsOfOtherAlgorithm(const json::Value& entry) {
  const std::string* digest = entry.FindString("digest");
  if (digest == nullptr || digest->starts_with("sha256:") || digest->size() > limits::kDigestBytes) return false;
  const std::size_t colon = digest->find(':');
  return colon != 0 && colon != std::string::npos && colon + 1 < digest->size();
}

// What is set aside of a list: nothing, descriptors of other algorithms, or all that cannot be read.
enum class Aside { kNothing, kOtherAlgorithms, kUnreadable };

UnreadDescriptor ToUnread(const json::Value& entry) {
  const json::Value* platform = json::Present(entry, "platform");
  UnreadDescriptor out{StringOr(entry, "digest"), StringOr(entry, "mediaType"), StringOr(entry, "artifactType"), {}};
  if (platform != nullptr) out.platform = ToPlatform(*platform);
  return out;
}

Result<std::vector<Descriptor>> ParseDescriptors(const json::Value& list, std::size_t most, const char* name,
                                                 Aside aside, std::vector<UnreadDescriptor>& unread) {
  if (list.array() == nullptr) return Invalid(std::string(name) + " is not an array");
  if (list.array()->size() > most) return Error{ErrorCode::kLimit, std::string(name) + " has too many entries"};
  std::vector<Descriptor> out;
  for (const json::Value& entry : *list.array()) {
    auto descriptor = ParseDescriptor(entry);
    if (descriptor) {
      out.push_back(std::move(*descriptor));
    } else if (aside == Aside::kUnreadable || (aside == Aside::kOtherAlgorithms && IsOfOtherAlgorithm(entry))) {
      unread.push_back(ToUnread(entry));
    } else {
      return descriptor.error().In(name);
    }
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

bool IsIndexMediaType(std::string_view media_type) {
  return media_type == kIndexMediaType || media_type == kDockerIndex;
}
bool IsImageMediaType(std::string_view media_type) { return media_type == kOciImage || media_type == kDockerImage; }

namespace {

// What manifests and indexes have in common, and which of both it is.
Result<Manifest> ParseTop(const json::Value& root, std::string_view media_type) {
  const json::Value* version = root.Find("schemaVersion");
  if (version == nullptr || version->integer() != 2) return Invalid("not of schema version 2");
  if (root.Find("fsLayers") != nullptr || root.Find("history") != nullptr) return Invalid("of schema 1");
  const bool index = json::Present(root, "manifests") != nullptr;
  if (index && (json::Present(root, "config") != nullptr || json::Present(root, "layers") != nullptr)) {
    return Invalid("ambiguous: it has the members of an index and of an image");
  }
  Manifest out;
  out.kind = index ? Manifest::Kind::kIndex : Manifest::Kind::kImage;
  out.media_type = StringOr(root, "mediaType");
  if (auto status = CheckMediaType(out.kind, out.media_type, "its own"); !status) return status.error();
  if (auto status = CheckMediaType(out.kind, media_type, "its source's"); !status) return status.error();
  auto annotations = ParseAnnotations(root);
  if (!annotations) return annotations.error();
  out.annotations = std::move(*annotations);
  out.artifact_type = StringOr(root, "artifactType");
  if (const json::Value* subject = json::Present(root, "subject")) {
    auto descriptor = ParseDescriptor(*subject);
    if (!descriptor) return descriptor.error().In("subject");
    out.subject = std::move(*descriptor);
  }
  return out;
}

Result<Manifest> ParseDocument(const json::Value& root, std::string_view media_type, Aside index_aside,
                               Aside layers_aside) {
  auto out = ParseTop(root, media_type);
  if (!out) return out.error();
  if (out->kind == Manifest::Kind::kIndex) {
    auto list = ParseDescriptors(*json::Present(root, "manifests"), limits::kIndexManifests, "manifests", index_aside,
                                 out->unread);
    if (!list) return list.error();
    out->manifests = std::move(*list);
    return out;
  }
  const json::Value* config = json::Present(root, "config");
  const json::Value* layers = json::Present(root, "layers");
  if (config == nullptr || layers == nullptr) return Invalid("it has no config or no layers");
  auto config_descriptor = ParseDescriptor(*config);
  if (!config_descriptor) return config_descriptor.error().In("config");
  auto list = ParseDescriptors(*layers, limits::kLayers, "layers", layers_aside, out->unread);
  if (!list) return list.error();
  out->config = std::move(*config_descriptor);
  out->layers = std::move(*list);
  return out;
}

Result<Manifest> InManifest(Result<Manifest> parsed) {
  return parsed ? std::move(parsed) : Result<Manifest>(parsed.error().In("manifest"));
}

// `image`: the document is one that containers are made of, so containerd must read it as we do.
Result<Manifest> ReadDocument(ByteView bytes, std::string_view media_type, bool image) {
  if (bytes.size() > limits::kManifestBytes) return Error{ErrorCode::kLimit, "manifest is too large"};
  auto parsed = json::Parse(AsText(bytes));
  if (!parsed) return parsed.error().In("manifest");
  const json::Value& root = *parsed;
  if (!image) return InManifest(ParseDocument(root, media_type, Aside::kUnreadable, Aside::kUnreadable));
  if (auto status = json::CheckShape(root, kManifestShape); !status) return status.error().In("manifest");
  return InManifest(ParseDocument(root, media_type, Aside::kOtherAlgorithms, Aside::kNothing));
}

}  // namespace

Result<Manifest> Manifest::Parse(ByteView bytes, std::string_view media_type) {
  return ReadDocument(bytes, media_type, true);
}

Result<Manifest> Manifest::ParseList(ByteView bytes, std::string_view media_type) {
  return ReadDocument(bytes, media_type, false);
}

Result<ImageConfig> ImageConfig::Parse(ByteView bytes) {
  if (bytes.size() > limits::kImageConfigBytes) return Error{ErrorCode::kLimit, "image config is too large"};
  auto parsed = json::Parse(AsText(bytes));
  if (!parsed) return parsed.error().In("image config");
  if (auto status = json::CheckShape(*parsed, kImageConfigShape); !status) return status.error().In("image config");
  const json::Value* rootfs = json::Present(*parsed, "rootfs");
  const json::Value* ids = rootfs != nullptr ? json::Present(*rootfs, "diff_ids") : nullptr;
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

std::vector<std::string> ImageConfig::ChainIds() const {
  std::vector<std::string> out;
  for (const Digest& diff_id : diff_ids) {
    out.push_back(out.empty() ? diff_id.text() : Digest::Of(AsBytes(out.back() + " " + diff_id.text())).text());
  }
  return out;
}

std::string ImageConfig::ChainId() const { return diff_ids.empty() ? std::string() : ChainIds().back(); }

}  // namespace pullseal::oci
