// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_RAW_SIGNATURE_H_
#define PULLSEAL_CORE_CRYPTO_RAW_SIGNATURE_H_

#include <optional>

#include "core/base/bytes.h"
#include "core/crypto/hash.h"
#include "core/crypto/public_key.h"

// Signatures in the forms that JOSE and COSE give them, which PublicKey's own are not.
namespace pullseal::crypto {

// The exact length of an RSA key's modulus in bits; absent for other kinds. Thread-safe.
std::optional<int> RsaBits(const PublicKey& key);

// VerifyPss says whether `signature` is `key`'s over `message` by RSASSA-PSS with `hash`, MGF1 with the same hash and a
// salt exactly as long as its digest (RFC 7518 section 3.5, RFC 8230 section 2). False for keys that are not RSA and
// for signatures that are not as long as the modulus. Thread-safe.
bool VerifyPss(const PublicKey& key, Hash hash, ByteView message, ByteView signature);

// VerifyFixedEcdsa says whether `signature` is `key`'s over `message` by ECDSA with `hash`, in the form r || s, both
// big-endian and as long as the curve's order (RFC 7518 section 3.4, RFC 9053 section 2.1). False for keys of other
// kinds and signatures of another length; DER is one. Thread-safe.
bool VerifyFixedEcdsa(const PublicKey& key, Hash hash, ByteView message, ByteView signature);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_RAW_SIGNATURE_H_
