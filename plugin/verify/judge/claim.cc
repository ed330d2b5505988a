// SPDX-License-Identifier: Apache-2.0
#include "verify/judge/claim.h"

#include <utility>

#include "image/oci/cosign.h"
#include "verify/notary/payload.h"
#include "verify/signature/dsse.h"
#include "verify/signature/statement.h"
#include "verify/sigstore/bundle.h"
#include "verify/sigstore/simple_signing.h"

namespace pullseal::judge {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

using sigstore::SignedMaterial;

Result<SignedContent> FromSimpleSigning(const SignatureEvidence& evidence) {
  const auto annotation = evidence.annotations.find(std::string(oci::kSignatureAnnotation));
  if (annotation == evidence.annotations.end()) return Invalid("layer has no signature in its annotations");
  // As tools that wrap lines write it: the bytes alone are verified.
  auto raw = Base64DecodeAsWritten(annotation->second);
  if (!raw || raw->empty()) return Invalid("layer has no signature in its annotations");
  SignedMaterial material;
  material.form = SignedMaterial::Message{evidence.payload};
  material.signature = std::move(*raw);
  if (auto taken = material.TakeAnnotations(evidence.annotations); !taken) return taken.error();
  return SignedContent{std::move(material), SignedContent::SimpleSigning{evidence.payload}};
}

Result<SignedContent> FromEnvelope(const std::string& payload_type, SignedMaterial material) {
  if (payload_type != signature::kInTotoPayloadType) {
    return Invalid("envelope holds \"" + Printable(payload_type, 100) + "\", not an in-toto statement");
  }
  const Bytes* payload = material.payload();
  if (payload == nullptr) return Invalid("envelope holds nothing");
  auto statement = signature::Statement::Parse(*payload);
  return SignedContent{std::move(material), std::move(statement)};
}

Result<SignedContent> FromBundle(const SignatureEvidence& evidence) {
  const auto bundle = sigstore::Bundle::Parse(evidence.payload);
  if (!bundle) return bundle.error();
  const auto* envelope = std::get_if<signature::DsseEnvelope>(&bundle->content);
  if (envelope == nullptr) return Invalid("bundle signs a message; an image is signed by a statement");
  auto material = SignedMaterial::FromBundle(*bundle);
  if (!material) return material.error();
  return FromEnvelope(envelope->payload_type, std::move(*material));
}

Result<SignedContent> FromLegacyEnvelope(const SignatureEvidence& evidence) {
  auto envelope = signature::DsseEnvelope::Parse(evidence.payload);
  if (!envelope) return envelope.error();
  SignedMaterial material;
  material.signature = std::move(envelope->signature.sig);
  material.form =
      SignedMaterial::LayerEnvelope{envelope->SignedBytes(), std::move(envelope->payload), evidence.payload};
  if (auto taken = material.TakeAnnotations(evidence.annotations); !taken) return taken.error();
  return FromEnvelope(envelope->payload_type, std::move(material));
}

// Annotations stand beside the envelope, unsigned, and say nothing.
Result<SignedContent> FromNotary(const SignatureEvidence& evidence) {
  auto envelope = notary::Envelope::Parse(evidence.media_type, evidence.payload);
  if (!envelope) return envelope.error();
  Bytes payload = envelope->payload;
  return SignedContent{std::move(*envelope), SignedContent::NotaryPayload{std::move(payload)}};
}

}  // namespace

Result<SignedContent> SignedContent::Read(const SignatureEvidence& evidence) {
  if (evidence.media_type == oci::kSimpleSigningMediaType) return FromSimpleSigning(evidence);
  if (evidence.media_type.starts_with(oci::kBundleMediaTypePrefix)) return FromBundle(evidence);
  if (evidence.media_type == oci::kDsseMediaType) return FromLegacyEnvelope(evidence);
  if (evidence.media_type == notary::kJwsType || evidence.media_type == notary::kCoseType) return FromNotary(evidence);
  return Invalid("layer is neither a simple-signing payload nor a bundle nor an envelope");
}

bool SignedContent::IsAttestation() const {
  const auto* statement = std::get_if<Envelope>(&claimed);
  return statement != nullptr && statement->ok() && (*statement)->predicate_type != oci::kSignPredicateType;
}

std::string SignedContent::predicate_type() const {
  const auto* statement = std::get_if<Envelope>(&claimed);
  return statement != nullptr && statement->ok() ? (*statement)->predicate_type : std::string();
}

namespace {

Result<std::vector<Claim>> ClaimsOf(const SignedContent::SimpleSigning& layer, const oci::Digest& subject) {
  auto simple = sigstore::SimpleSigning::Parse(layer.payload);
  if (!simple) return simple.error();
  std::vector<Claim> out;
  if (simple->digest == subject) out.push_back(Claim{std::move(simple->repository), std::move(simple->annotations)});
  return out;
}

Result<std::vector<Claim>> ClaimsOf(const SignedContent::Envelope& statement, const oci::Digest& subject) {
  if (!statement) return statement.error();
  std::vector<Claim> out;
  for (const auto* about : statement->About(subject)) out.push_back(Claim{about->name, about->annotations});
  return out;
}

// It names no repository: it is good under every name.
Result<std::vector<Claim>> ClaimsOf(const SignedContent::NotaryPayload& signed_bytes, const oci::Digest& subject) {
  auto payload = notary::Payload::Parse(signed_bytes.payload);
  if (!payload) return payload.error();
  std::vector<Claim> out;
  if (payload->digest == subject) out.push_back(Claim{"", std::move(payload->annotations)});
  return out;
}

}  // namespace

Result<std::vector<Claim>> SignedContent::Claims(const oci::Digest& subject) const {
  return std::visit([&](const auto& one) { return ClaimsOf(one, subject); }, claimed);
}

}  // namespace pullseal::judge
