// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_HMAC_H_
#define PULLSEAL_CORE_CRYPTO_HMAC_H_

#include "core/base/bytes.h"
#include "core/crypto/sha256.h"

namespace pullseal::crypto {

// HmacSha256 authenticates `message` under `key` (RFC 2104, FIPS 198-1). Thread-safe.
Sha256Hash HmacSha256(ByteView key, ByteView message);

// Whether two authenticators are the same; takes the same time wherever they differ.
bool SameHash(const Sha256Hash& a, const Sha256Hash& b);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_HMAC_H_
