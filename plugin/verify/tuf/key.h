// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_TUF_KEY_H_
#define PULLSEAL_VERIFY_TUF_KEY_H_

#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/crypto/public_key.h"
#include "core/json/value.h"

namespace pullseal::tuf {

// Key is a public key as metadata lists it (TUF specification section 4.2), under a keyid that is only a name: what
// real repositories call their keys is not always the hash that the specification describes. Immutable, cheap to copy,
// thread-safe.
class Key {
 public:
  // Read takes a key object. Absent if it is none that we can verify with: another type or scheme, another form of the
  // key, an unsound one. Such a key counts for nothing and harms nobody. Taken are ECDSA on P-256 and P-384 as PEM, on
  // P-256 also as the hexadecimal point of old repositories; Ed25519 as 32 hexadecimal bytes; RSA of 2048 to 4096 bits
  // as PEM, with PSS (a salt of 32 bytes) or PKCS #1 v1.5, over SHA-256.
  static std::optional<Key> Read(const json::Value& value);

  // Whether `signature` is this key's over `message`, by its scheme and no other.
  bool Verify(ByteView message, ByteView signature) const;

  // The same for two names of one key: SHA-256 of the SubjectPublicKeyInfo, of which each key has one form here.
  const std::string& Identity() const { return key_.Fingerprint(); }

 private:
  enum class Scheme { kEcdsaSha256, kEcdsaSha384, kEd25519, kRsaPssSha256, kRsaPkcs1Sha256 };
  Key(crypto::PublicKey key, Scheme scheme) : key_(std::move(key)), scheme_(scheme) {}
  static std::optional<crypto::PublicKey> ReadPublic(Scheme scheme, const std::string& text);

  crypto::PublicKey key_;
  Scheme scheme_;
};

}  // namespace pullseal::tuf

#endif  // PULLSEAL_VERIFY_TUF_KEY_H_
