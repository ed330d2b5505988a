// SPDX-License-Identifier: Apache-2.0
#include "verify/judge/claim.h"

#include <utility>

#include "image/oci/cosign.h"
#include "verify/sigstore/bundle.h"
#include "verify/sigstore/dsse.h"
#include "verify/sigstore/simple_signing.h"
#include "verify/sigstore/statement.h"

namespace pullseal::judge {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

Result<SignedContent> FromSimpleSigning(const SignatureEvidence& evidence) {
  const auto annotation = evidence.annotations.find(std::string(oci::kSignatureAnnotation));
  if (annotation == evidence.annotations.end()) return Invalid("layer has no signature in its annotations");
  auto raw = Base64Decode(annotation->second);
  if (!raw || raw->empty()) return Invalid("layer has no signature in its annotations");
  SignedContent out;
  out.material.message = evidence.payload;
  out.material.signature = std::move(*raw);
  out.payload = evidence.payload;
  if (auto taken = out.material.TakeAnnotations(evidence.annotations); !taken) return taken.error();
  return out;
}

Result<SignedContent> FromEnvelope(const std::string& payload_type, sigstore::SignedMaterial material) {
  if (payload_type != sigstore::kInTotoPayloadType) {
    return Invalid("envelope holds \"" + Printable(payload_type, 100) + "\", not an in-toto statement");
  }
  SignedContent out;
  out.is_envelope = true;
  out.payload = material.payload;
  out.material = std::move(material);
  out.statement = sigstore::Statement::Parse(out.payload);
  return out;
}

Result<SignedContent> FromBundle(const SignatureEvidence& evidence) {
  const auto bundle = sigstore::Bundle::Parse(evidence.payload);
  if (!bundle) return bundle.error();
  const auto* envelope = std::get_if<sigstore::DsseEnvelope>(&bundle->content);
  if (envelope == nullptr) return Invalid("bundle signs a message; an image is signed by a statement");
  auto material = sigstore::SignedMaterial::FromBundle(*bundle);
  if (!material) return material.error();
  return FromEnvelope(envelope->payload_type, std::move(*material));
}

Result<SignedContent> FromLegacyEnvelope(const SignatureEvidence& evidence) {
  auto envelope = sigstore::DsseEnvelope::Parse(evidence.payload);
  if (!envelope) return envelope.error();
  sigstore::SignedMaterial material;
  material.container = sigstore::SignedMaterial::Container::kLegacyEnvelope;
  material.message = envelope->SignedBytes();
  material.signature = std::move(envelope->signature.sig);
  material.payload = std::move(envelope->payload);
  material.envelope = evidence.payload;
  if (auto taken = material.TakeAnnotations(evidence.annotations); !taken) return taken.error();
  return FromEnvelope(envelope->payload_type, std::move(material));
}

}  // namespace

Result<SignedContent> SignedContent::Read(const SignatureEvidence& evidence) {
  if (evidence.media_type == oci::kSimpleSigningMediaType) return FromSimpleSigning(evidence);
  if (evidence.media_type.starts_with(oci::kBundleMediaTypePrefix)) return FromBundle(evidence);
  if (evidence.media_type == oci::kDsseMediaType) return FromLegacyEnvelope(evidence);
  return Invalid("layer is neither a simple-signing payload nor a bundle nor an envelope");
}

bool SignedContent::IsAttestation() const {
  return is_envelope && statement && statement->predicate_type != oci::kSignPredicateType;
}

Result<std::vector<Claim>> SignedContent::Claims(const oci::Digest& subject) const {
  std::vector<Claim> out;
  if (is_envelope) {
    if (!statement) return statement.error();
    for (const auto* about : statement->About(subject)) out.push_back(Claim{about->name, about->annotations});
    return out;
  }
  auto simple = sigstore::SimpleSigning::Parse(payload);
  if (!simple) return simple.error();
  if (simple->digest == subject) out.push_back(Claim{std::move(simple->repository), std::move(simple->annotations)});
  return out;
}

}  // namespace pullseal::judge
