// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/simple_signing.h"

#include <utility>

#include "core/json/value.h"
#include "image/oci/limits.h"

namespace pullseal::sigstore {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "signature payload: " + std::move(message)}; }

Status OnlyMembers(const json::Value& value, std::initializer_list<std::string_view> allowed, const char* where) {
  for (const auto& [name, unused] : *value.object()) {
    bool known = false;
    for (const std::string_view one : allowed) known = known || one == name;
    if (!known) return Invalid("unknown member \"" + Printable(name, 64) + "\" in " + where);
  }
  return {};
}

}  // namespace

Result<SimpleSigning> SimpleSigning::Parse(ByteView payload) {
  if (payload.size() > limits::kPayloadBytes) return Error{ErrorCode::kLimit, "signature payload is too large"};
  auto parsed = json::Parse(AsText(payload));
  if (!parsed) return parsed.error().In("signature payload");
  const json::Value* critical = parsed->Find("critical");
  if (critical == nullptr || critical->object() == nullptr) return Invalid("no member \"critical\"");
  if (auto s = OnlyMembers(*critical, {"identity", "image", "type"}, "critical"); !s) return s.error();
  const std::string* type = critical->FindString("type");
  if (type == nullptr || *type != "cosign container image signature") return Invalid("critical.type is not cosign's");
  const json::Value* image = critical->Find("image");
  const std::string* digest_text = image != nullptr ? image->FindString("docker-manifest-digest") : nullptr;
  if (digest_text == nullptr) return Invalid("no critical.image.docker-manifest-digest");
  auto digest = oci::Digest::Parse(*digest_text);
  if (!digest) return digest.error().In("signature payload");
  SimpleSigning out{std::move(*digest), {}, {}};
  const json::Value* identity = critical->Find("identity");
  if (identity == nullptr || identity->object() == nullptr) return Invalid("no critical.identity");
  if (const std::string* name = identity->FindString("docker-reference"); name != nullptr) out.repository = *name;
  const json::Value* optional = parsed->Find("optional");
  if (optional == nullptr || optional->is_null()) return out;
  if (optional->object() == nullptr) return Invalid("member \"optional\" is not an object");
  for (const auto& [name, value] : *optional->object()) {
    if (value.string() != nullptr) out.annotations.emplace(name, *value.string());
  }
  return out;
}

}  // namespace pullseal::sigstore
