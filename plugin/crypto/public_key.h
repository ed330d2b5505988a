#ifndef PULLSEAL_CRYPTO_PUBLIC_KEY_H_
#define PULLSEAL_CRYPTO_PUBLIC_KEY_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace pullseal::crypto {

// PublicKey verifies signatures. If one exists, it is a valid key of a kind we accept: ECDSA on P-256.
// Immutable, cheap to copy, thread-safe.
class PublicKey {
 public:
  // ParsePem reads exactly one "PUBLIC KEY" block (RFC 7468 section 13, SubjectPublicKeyInfo) of at most
  // limits::kKeyBytes, with nothing but white space around it. kInvalid says what is wrong: private key, certificate,
  // several keys, another algorithm or curve, a point that is not on the curve.
  static Result<PublicKey> ParsePem(std::string_view pem);

  // Verify says whether `signature` (ASN.1 DER, strict) is this key's over SHA-256 of `message`.
  bool Verify(ByteView message, ByteView signature) const;

  // Fingerprint is SHA-256 over the DER SubjectPublicKeyInfo, in hexadecimal.
  const std::string& Fingerprint() const { return fingerprint_; }

 private:
  struct Impl;
  PublicKey(std::shared_ptr<const Impl> impl, std::string fingerprint);
  std::shared_ptr<const Impl> impl_;
  std::string fingerprint_;
};

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CRYPTO_PUBLIC_KEY_H_
