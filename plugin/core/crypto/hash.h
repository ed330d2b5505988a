// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_HASH_H_
#define PULLSEAL_CORE_CRYPTO_HASH_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"

namespace pullseal::crypto {

// Hash is a hash function that evidence may use (FIPS 180-4). SHA-1 and anything weaker is not among them.
enum class Hash { kSha256, kSha384, kSha512 };

// Digest hashes `bytes`. Thread-safe.
Bytes Digest(Hash hash, ByteView bytes);

// The length of such a digest in bytes.
std::size_t DigestSize(Hash hash);

// Text names a hash for people: "SHA-384".
std::string_view Text(Hash hash);

// The hash that `name` means as Sigstore's logs ("sha256") and bundles ("SHA2_256") write it; absent for others.
std::optional<Hash> HashNamed(std::string_view name);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_HASH_H_
