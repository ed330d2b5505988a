// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/signed_material.h"

#include <utility>

#include "core/crypto/limits.h"
#include "core/json/value.h"
#include "image/oci/cosign.h"
#include "verify/signature/json_object.h"
#include "verify/sigstore/limits.h"

namespace pullseal::sigstore {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

// cosign's log entry: {"SignedEntryTimestamp", "Payload": {"body", "integratedTime", "logIndex", "logID"}}; the log's
// identifier is hexadecimal here.
Result<LogEntry> ParseLegacyEntry(const std::string& text) {
  if (text.size() > limits::kEntryBodyBytes) return Error{ErrorCode::kLimit, "log entry: is too large"};
  const auto parsed = json::Parse(text);
  if (!parsed) return parsed.error().In("log entry");
  const auto outer = signature::JsonObject::Of(*parsed, "log entry", {"SignedEntryTimestamp", "Payload"});
  if (!outer) return outer.error();
  const json::Value* payload = outer->Find("Payload");
  if (payload == nullptr) return outer->Broken("has no Payload");
  const auto inner = signature::JsonObject::Of(*payload, "log entry", {"body", "integratedTime", "logIndex", "logID"});
  if (!inner) return inner.error();
  auto set = outer->BytesAt("SignedEntryTimestamp");
  auto body = inner->BytesAt("body");
  const auto time = inner->NumberAt("integratedTime");
  const auto index = inner->NumberAt("logIndex");
  const auto id = inner->TextAt("logID");
  if (!set || !body || !time || !index || !id) return outer->Broken("has a member of the wrong form");
  auto log_id = HexDecode(*id);
  if (!log_id || set->empty() || body->empty() || log_id->empty()) return outer->Broken("lacks a member");
  LogEntry out;
  out.log_index = *index;
  out.log_id = std::move(*log_id);
  out.integrated_time = *time;
  out.signed_entry_timestamp = std::move(*set);
  out.body = std::move(*body);
  return out;
}

Result<Bytes> ParseLegacyTimestamp(const std::string& text) {
  if (text.size() > 2 * limits::kTimestampBytes) return Error{ErrorCode::kLimit, "timestamp: is too large"};
  const auto parsed = json::Parse(text);
  if (!parsed) return parsed.error().In("timestamp");
  const auto object = signature::JsonObject::Of(*parsed, "timestamp", {"SignedRFC3161Timestamp"});
  if (!object) return object.error();
  auto bytes = object->BytesAt("SignedRFC3161Timestamp");
  if (bytes && bytes->empty()) return object->Broken("is empty");
  return bytes;
}

Status TakeCertificates(const Bundle::Certificates& certificates, SignedMaterial& out) {
  for (const Bytes& der : certificates.der) {
    auto certificate = crypto::Certificate::ParseDer(der);
    if (!certificate) return certificate.error();
    if (certificate->IsSelfIssued() && !certificate->HasEmptySubject()) {
      return Invalid("bundle: brings a root certificate of its own");
    }
    if (!out.certificate) {
      out.certificate = std::move(*certificate);
    } else {
      out.chain.push_back(std::move(*certificate));
    }
  }
  return {};
}

// The signed bytes; null where they are not known.
const Bytes* SignedBytesOf(const SignedMaterial::Form& form) {
  struct Visitor {
    const Bytes* operator()(const SignedMaterial::Message& one) const { return &one.bytes; }
    const Bytes* operator()(const SignedMaterial::BundledMessage& one) const {
      return one.bytes ? &*one.bytes : nullptr;
    }
    const Bytes* operator()(const SignedMaterial::BundledEnvelope& one) const { return &one.signed_bytes; }
    const Bytes* operator()(const SignedMaterial::LayerEnvelope& one) const { return &one.signed_bytes; }
  };
  return std::visit(Visitor{}, form);
}

}  // namespace

Result<SignedMaterial> SignedMaterial::FromBundle(const Bundle& bundle) {
  SignedMaterial out;
  if (const auto* certificates = std::get_if<Bundle::Certificates>(&bundle.material)) {
    if (auto taken = TakeCertificates(*certificates, out); !taken) return taken.error();
  }
  out.log_entries = bundle.log_entries;
  out.timestamps = bundle.timestamps;
  if (const auto* envelope = std::get_if<signature::DsseEnvelope>(&bundle.content)) {
    out.form = BundledEnvelope{envelope->SignedBytes(), envelope->payload};
    out.signature = envelope->signature.sig;
  } else {
    out.form = BundledMessage{};
    out.signature = std::get<Bundle::MessageSignature>(bundle.content).signature;
  }
  return out;
}

Status SignedMaterial::TakeAnnotations(const std::map<std::string, std::string>& annotations) {
  const auto find = [&](std::string_view name) -> const std::string* {
    const auto found = annotations.find(std::string(name));
    return found != annotations.end() ? &found->second : nullptr;
  };
  const std::string* pem = find(oci::kCertificateAnnotation);
  const std::string* beside = find(oci::kChainAnnotation);
  if (pem != nullptr) {
    auto leaf = crypto::Certificate::ParsePem(*pem);
    if (!leaf) return leaf.error();
    if (leaf->size() != 1) return Invalid("certificate: there are several");
    certificate = std::move(leaf->front());
  }
  if (beside != nullptr) {
    if (pem == nullptr) return Invalid("certificate: a chain without a certificate");
    auto read = crypto::Certificate::ParsePem(*beside);
    if (!read) return read.error().In("chain");
    chain = std::move(*read);
  }
  if (const std::string* text = find(oci::kLogEntryAnnotation)) {
    auto entry = ParseLegacyEntry(*text);
    if (!entry) return entry.error();
    log_entries.push_back(std::move(*entry));
  }
  if (const std::string* text = find(oci::kTimestampAnnotation)) {
    auto timestamp = ParseLegacyTimestamp(*text);
    if (!timestamp) return timestamp.error();
    timestamps.push_back(std::move(*timestamp));
  }
  return {};
}

Result<Bytes> SignedMaterial::MessageDigest(crypto::Hash hash) const {
  if (const Bytes* bytes = SignedBytesOf(form)) return crypto::Digest(hash, *bytes);
  const auto* bundled = std::get_if<BundledMessage>(&form);
  if (bundled != nullptr && bundled->sha256 && hash == crypto::Hash::kSha256) return *bundled->sha256;
  return Invalid("the message's digest by this hash is not known");
}

bool SignedMaterial::SignedBy(const crypto::PublicKey& key) const {
  if (const auto* message = std::get_if<Message>(&form)) return key.Verify(message->bytes, signature);
  if (const Bytes* bytes = SignedBytesOf(form)) return key.VerifyEnvelope(*bytes, signature);
  const auto* bundled = std::get_if<BundledMessage>(&form);
  return bundled != nullptr && bundled->sha256 && key.VerifyDigest(crypto::Hash::kSha256, *bundled->sha256, signature);
}

std::optional<crypto::Hash> SignedMaterial::HashBy(const crypto::PublicKey& key) const {
  const Bytes* bytes = SignedBytesOf(form);
  return bytes != nullptr ? key.HashThatFits(*bytes, signature) : std::nullopt;
}

bool SignedMaterial::IsBundle() const {
  return std::holds_alternative<BundledMessage>(form) || std::holds_alternative<BundledEnvelope>(form);
}

const Bytes* SignedMaterial::payload() const {
  if (const auto* bundled = std::get_if<BundledEnvelope>(&form)) return &bundled->payload;
  const auto* layer = std::get_if<LayerEnvelope>(&form);
  return layer != nullptr ? &layer->payload : nullptr;
}

const Bytes* SignedMaterial::layer() const {
  const auto* layer = std::get_if<LayerEnvelope>(&form);
  return layer != nullptr ? &layer->layer : nullptr;
}

}  // namespace pullseal::sigstore
