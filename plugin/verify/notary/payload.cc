// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/payload.h"

#include <utility>

#include "core/json/value.h"
#include "verify/notary/limits.h"

namespace pullseal::notary {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "payload: " + std::move(message)}; }

Result<std::map<std::string, std::string>> Annotations(const json::Value& target) {
  std::map<std::string, std::string> out;
  const json::Value* member = target.Find("annotations");
  if (member == nullptr || member->is_null()) return out;
  if (member->object() == nullptr) return Invalid("has annotations that are no object");
  if (member->object()->size() > limits::kNotaryAnnotations) {
    return Error{ErrorCode::kLimit, "payload: has too many annotations"};
  }
  for (const auto& [name, value] : *member->object()) {
    if (value.string() == nullptr) return Invalid("has an annotation that is no text");
    out.emplace(name, *value.string());
  }
  return out;
}

}  // namespace

Result<Payload> Payload::Parse(ByteView bytes) {
  if (bytes.size() > limits::kNotaryPayloadBytes) return Error{ErrorCode::kLimit, "payload: is too large"};
  const auto document = json::Parse(AsText(bytes));
  if (!document) return document.error().In("payload");
  const json::Value* target = document->Find("targetArtifact");
  if (target == nullptr || target->object() == nullptr) return Invalid("has no targetArtifact");
  const std::string* media_type = target->FindString("mediaType");
  const std::string* digest_text = target->FindString("digest");
  const json::Value* size = target->Find("size");
  if (media_type == nullptr || media_type->empty()) return Invalid("has no mediaType");
  if (digest_text == nullptr) return Invalid("has no digest");
  auto digest = oci::Digest::Parse(*digest_text);
  if (!digest) return digest.error().In("payload");
  const auto count = size != nullptr ? size->integer() : std::nullopt;
  if (!count || *count < 0) return Invalid("has no size");
  auto annotations = Annotations(*target);
  if (!annotations) return annotations.error();
  return Payload{
      .media_type = *media_type, .digest = std::move(*digest), .size = *count, .annotations = std::move(*annotations)};
}

}  // namespace pullseal::notary
