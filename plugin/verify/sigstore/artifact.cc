// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/artifact.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/crypto/hash.h"
#include "verify/signature/statement.h"

namespace pullseal::sigstore {
namespace {

using crypto::Hash;

Error Mismatch(std::string message) { return Error{ErrorCode::kMismatch, std::move(message)}; }

// The artifact's digest; absent if only another one is known.
std::optional<Bytes> DigestOf(const Artifact& artifact, Hash hash) {
  if (hash == Hash::kSha256) return artifact.sha256;
  if (artifact.bytes) return crypto::Digest(hash, *artifact.bytes);
  return std::nullopt;
}

Status BindMessage(const Bundle::MessageSignature& signature, const Artifact& artifact, SignedMaterial& material) {
  if (!signature.digest.empty()) {
    const auto hash = crypto::HashNamed(signature.digest_algorithm);
    if (!hash) return Error{ErrorCode::kInvalid, "bundle: its message digest is by a hash that is not accepted"};
    const auto ours = DigestOf(artifact, *hash);
    if (!ours) return Mismatch("bundle: gives a digest by a hash that the artifact's is not known by");
    if (*ours != signature.digest) return Mismatch("bundle: is about an artifact of another digest");
  }
  if (artifact.bytes) {
    material.form = SignedMaterial::BundledMessage{artifact.bytes, std::nullopt};
  } else {
    material.form = SignedMaterial::BundledMessage{std::nullopt, artifact.sha256};
  }
  return {};
}

bool IsSubject(const signature::Statement::Subject& subject, const Artifact& artifact) {
  return std::any_of(subject.digests.begin(), subject.digests.end(), [&](const auto& named) {
    const auto hash = crypto::HashNamed(named.first);
    const auto ours = hash ? DigestOf(artifact, *hash) : std::nullopt;
    return ours && HexEncode(*ours) == named.second;
  });
}

Status BindStatement(const signature::DsseEnvelope& envelope, const Artifact& artifact) {
  if (envelope.payload_type != signature::kInTotoPayloadType) {
    return Error{ErrorCode::kInvalid, "envelope: holds no in-toto statement"};
  }
  const auto statement = signature::Statement::Parse(envelope.payload);
  if (!statement) return statement.error();
  const auto& subjects = statement->subjects;
  if (std::any_of(subjects.begin(), subjects.end(), [&](const auto& one) { return IsSubject(one, artifact); }))
    return {};
  return Mismatch("statement: the artifact is none of its subjects");
}

}  // namespace

Status Bind(const Bundle& bundle, const Artifact& artifact, SignedMaterial& material) {
  if (const auto* envelope = std::get_if<signature::DsseEnvelope>(&bundle.content))
    return BindStatement(*envelope, artifact);
  return BindMessage(std::get<Bundle::MessageSignature>(bundle.content), artifact, material);
}

}  // namespace pullseal::sigstore
