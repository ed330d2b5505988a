// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_KEY_PARTS_H_
#define PULLSEAL_CORE_CRYPTO_KEY_PARTS_H_

#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/public_key.h"

namespace pullseal::crypto {

// EcKeyFromPoint returns the key on the curve of `kind` whose point has these coordinates, big-endian; leading zero
// bytes may be missing. kInvalid for another kind, a coordinate that is too long, and what is no sound key.
Result<PublicKey> EcKeyFromPoint(PublicKey::Kind kind, ByteView x, ByteView y);

// RsaKeyFromNumbers returns the RSA key of this modulus and exponent, big-endian. kInvalid as PublicKey::ParseDer.
Result<PublicKey> RsaKeyFromNumbers(ByteView modulus, ByteView exponent);

// ToPem writes a key as one "PUBLIC KEY" block (RFC 7468 section 13).
std::string ToPem(const PublicKey& key);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_KEY_PARTS_H_
