// SPDX-License-Identifier: Apache-2.0
#include "verify/signature/dsse.h"

#include <utility>

#include "image/oci/limits.h"
#include "verify/signature/json_object.h"

namespace pullseal::signature {

Result<DsseEnvelope> DsseEnvelope::Parse(const json::Value& value) {
  auto object = JsonObject::Of(value, "DSSE envelope", {"payload", "payloadType", "signatures"});
  if (!object) return object.error();
  DsseEnvelope out;
  auto payload = object->BytesAt("payload");
  if (!payload) return payload.error();
  auto type = object->TextAt("payloadType");
  if (!type) return type.error();
  auto signatures = object->ListAt("signatures", limits::kSignatures);
  if (!signatures) return signatures.error();
  if (signatures->size() != 1) {
    return object->Broken("has " + std::to_string(signatures->size()) + " signatures instead of one");
  }
  auto first = JsonObject::Of(*signatures->front(), "DSSE signature", {"sig", "keyid"});
  if (!first) return first.error();
  auto sig = first->BytesAt("sig");
  if (!sig) return sig.error();
  auto keyid = first->TextAt("keyid");
  if (!keyid) return keyid.error();
  if (sig->empty()) return first->Broken("is empty");
  if (type->empty()) return object->Broken("has no payloadType");
  return DsseEnvelope{std::move(*type), std::move(*payload), Signature{std::move(*sig), std::move(*keyid)}};
}

Result<DsseEnvelope> DsseEnvelope::Parse(ByteView bytes) {
  if (bytes.size() > limits::kBundleBytes) return Error{ErrorCode::kLimit, "DSSE envelope is too large"};
  auto parsed = json::Parse(AsText(bytes));
  if (!parsed) return parsed.error().In("DSSE envelope");
  return Parse(*parsed);
}

Bytes DsseEnvelope::SignedBytes() const {
  const std::string head =
      "DSSEv1 " + std::to_string(payload_type.size()) + " " + payload_type + " " + std::to_string(payload.size()) + " ";
  const ByteView start = AsBytes(head);
  Bytes out(start.begin(), start.end());
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

}  // namespace pullseal::signature
