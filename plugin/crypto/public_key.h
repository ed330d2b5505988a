#ifndef PULLSEAL_CRYPTO_PUBLIC_KEY_H_
#define PULLSEAL_CRYPTO_PUBLIC_KEY_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace pullseal::crypto {

// PublicKey verifies signatures. If one exists, it is a valid key of a kind we accept: ECDSA on P-256, P-384 or P-521,
// RSA of 2048 to 4096 bits (PKCS #1 v1.5), or Ed25519. Immutable, cheap to copy, thread-safe.
class PublicKey {
 public:
  enum class Kind { kEcdsaP256, kEcdsaP384, kEcdsaP521, kRsa, kEd25519 };

  // ParsePem reads exactly one "PUBLIC KEY" block (RFC 7468 section 13, SubjectPublicKeyInfo) of at most
  // limits::kKeyBytes, with nothing but white space around it. kInvalid says what is wrong: private key, certificate,
  // several keys, another algorithm, curve or size, a point that is not on the curve or of small order.
  static Result<PublicKey> ParsePem(std::string_view pem);

  // Verify says whether `signature` is this key's over `message` as cosign's simple signing hashes: SHA-256 whatever
  // the curve or size, pure Ed25519 (RFC 8032 section 5.1.7). ECDSA signatures are strict ASN.1 DER.
  bool Verify(ByteView message, ByteView signature) const;

  // The same for a DSSE envelope, whose signers follow Sigstore's registry of algorithms: the hash as long as the curve
  // (SHA-256, SHA-384, SHA-512), else SHA-256 as older signers did; Ed25519 pure or pre-hashed (Ed25519ph, RFC 8032
  // section 5.1, empty context), which cosign 3 writes.
  bool VerifyEnvelope(ByteView message, ByteView signature) const;

  Kind kind() const;

  // Fingerprint is SHA-256 over the DER SubjectPublicKeyInfo, in hexadecimal.
  const std::string& Fingerprint() const { return fingerprint_; }

 private:
  struct Impl;
  PublicKey(std::shared_ptr<const Impl> impl, std::string fingerprint);
  std::shared_ptr<const Impl> impl_;
  std::string fingerprint_;
};

// Text names a kind of key for people, such as "ECDSA P-256".
std::string_view Text(PublicKey::Kind kind);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CRYPTO_PUBLIC_KEY_H_
