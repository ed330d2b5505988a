// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/envelope.h"

#include <array>

#include "core/crypto/raw_signature.h"
#include "verify/notary/cose.h"
#include "verify/notary/jws.h"
#include "verify/notary/limits.h"

namespace pullseal::notary {

std::string_view Text(Algorithm algorithm) {
  constexpr std::array<std::string_view, 6> kNames = {"PS256", "PS384", "PS512", "ES256", "ES384", "ES512"};
  return kNames[static_cast<std::size_t>(algorithm)];
}

std::optional<Algorithm> AlgorithmOf(const crypto::PublicKey& key) {
  switch (key.kind()) {
    case crypto::PublicKey::Kind::kEcdsaP256:
      return Algorithm::kEs256;
    case crypto::PublicKey::Kind::kEcdsaP384:
      return Algorithm::kEs384;
    case crypto::PublicKey::Kind::kEcdsaP521:
      return Algorithm::kEs512;
    case crypto::PublicKey::Kind::kRsa:
      break;
    case crypto::PublicKey::Kind::kEd25519:
      return std::nullopt;
  }
  const auto bits = crypto::RsaBits(key);
  if (bits == 2048) return Algorithm::kPs256;
  if (bits == 3072) return Algorithm::kPs384;
  if (bits == 4096) return Algorithm::kPs512;
  return std::nullopt;
}

Result<Envelope> Envelope::Parse(std::string_view media_type, ByteView bytes) {
  if (bytes.size() > limits::kNotaryEnvelopeBytes) return Error{ErrorCode::kLimit, "envelope: is too large"};
  auto out = media_type == kJwsType    ? ParseJws(bytes)
             : media_type == kCoseType ? ParseCose(bytes)
                                       : Result<Envelope>(Error{ErrorCode::kInvalid, "is of another media type"});
  if (!out) return out.error().In("envelope");
  if (out->payload.size() > limits::kNotaryPayloadBytes)
    return Error{ErrorCode::kLimit, "envelope: its payload is too large"};
  return out;
}

bool Envelope::SignedBy(const crypto::PublicKey& key) const {
  // The key decides: an envelope that names another algorithm is an attempt to have the signature read as another's.
  if (AlgorithmOf(key) != algorithm) return false;
  switch (algorithm) {
    case Algorithm::kPs256:
      return crypto::VerifyPss(key, crypto::Hash::kSha256, signed_bytes, signature);
    case Algorithm::kPs384:
      return crypto::VerifyPss(key, crypto::Hash::kSha384, signed_bytes, signature);
    case Algorithm::kPs512:
      return crypto::VerifyPss(key, crypto::Hash::kSha512, signed_bytes, signature);
    case Algorithm::kEs256:
      return crypto::VerifyFixedEcdsa(key, crypto::Hash::kSha256, signed_bytes, signature);
    case Algorithm::kEs384:
      return crypto::VerifyFixedEcdsa(key, crypto::Hash::kSha384, signed_bytes, signature);
    case Algorithm::kEs512:
      return crypto::VerifyFixedEcdsa(key, crypto::Hash::kSha512, signed_bytes, signature);
  }
  return false;
}

}  // namespace pullseal::notary
