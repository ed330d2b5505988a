// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_PUBLIC_KEY_H_
#define PULLSEAL_CORE_CRYPTO_PUBLIC_KEY_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/hash.h"

namespace pullseal::crypto {

// PublicKey verifies signatures. If one exists, it is a valid key of a kind we accept: ECDSA on P-256, P-384 or P-521,
// RSA of 2048 to 4096 bits (PKCS #1 v1.5), or Ed25519. Immutable, cheap to copy, thread-safe.
class PublicKey {
 public:
  enum class Kind { kEcdsaP256, kEcdsaP384, kEcdsaP521, kRsa, kEd25519 };
  struct Impl;

  // ParsePem reads exactly one "PUBLIC KEY" block (RFC 7468 section 13, SubjectPublicKeyInfo) of at most
  // limits::kKeyBytes, with nothing but white space around it. kInvalid says what is wrong: private key, certificate,
  // several keys, another algorithm, curve or size, a point that is not on the curve or of small order.
  static Result<PublicKey> ParsePem(std::string_view pem);

  // ParseDer reads a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) and nothing behind it. kInvalid as above.
  static Result<PublicKey> ParseDer(ByteView der);

  // ParsePkcs1 reads a bare RSAPublicKey (RFC 8017 appendix A.1.1), the form of a few old certificate logs.
  static Result<PublicKey> ParsePkcs1(ByteView der);

  // Verify says whether `signature` is this key's over `message`, as cosign's simple signing makes them: cosign hashes
  // by SHA-256 where the key is a file, by the hash as long as the key where it is in a key vault, and by whichever
  // SHA-2 it is told. All of them are tried, or the one that Only named. Ed25519 is pure (RFC 8032 section 5.1.7).
  // ECDSA signatures are strict ASN.1 DER; RSA's also stand as two halves in a SEQUENCE of INTEGERs, as cosign wrote
  // those of Azure's vaults (sigstore before 1.10.9).
  bool Verify(ByteView message, ByteView signature) const;

  // The same for DSSE envelopes and bundles (Sigstore's registry of algorithms): beside that, Ed25519 pre-hashed
  // (Ed25519ph, RFC 8032 section 5.1, empty context), which cosign 3 writes; no halves.
  bool VerifyEnvelope(ByteView message, ByteView signature) const;

  // The same as VerifyEnvelope where only the message's digest by `hash` is known. False for a digest of another length
  // than that makes, and for Ed25519, which needs the message.
  bool VerifyDigest(Hash hash, ByteView digest, ByteView signature) const;

  // The same key, whose signatures are over `hash` alone: for Verify, VerifyEnvelope and VerifyDigest. Ed25519 takes
  // none.
  PublicKey Only(Hash hash) const;

  const std::optional<Hash>& only() const { return only_; }

  // The SHA-2 hash under which `signature` is this key's over `message`, whatever Only said, for people; absent if it
  // is under none.
  std::optional<Hash> HashThatFits(ByteView message, ByteView signature) const;

  // Verify over exactly one hash; Ed25519 takes no hash and is pure.
  bool VerifyWith(Hash hash, ByteView message, ByteView signature) const;

  Kind kind() const;

  // The DER SubjectPublicKeyInfo.
  const Bytes& Der() const;

  // Fingerprint is SHA-256 over the DER SubjectPublicKeyInfo, in hexadecimal.
  const std::string& Fingerprint() const { return fingerprint_; }

  const Impl& impl() const { return *impl_; }

 private:
  PublicKey(std::shared_ptr<const Impl> impl, std::string fingerprint);
  friend Result<PublicKey> Adopt(std::unique_ptr<Impl> impl);
  bool Fits(ByteView message, ByteView signature) const;
  std::shared_ptr<const Impl> impl_;
  std::string fingerprint_;
  std::optional<Hash> only_;
};

// Text names a kind of key for people, such as "ECDSA P-256".
std::string_view Text(PublicKey::Kind kind);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_PUBLIC_KEY_H_
