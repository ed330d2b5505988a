// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_SHA256_H_
#define PULLSEAL_CORE_CRYPTO_SHA256_H_

#include <array>
#include <cstdint>
#include <string>

#include "core/base/bytes.h"

namespace pullseal::crypto {

using Sha256Hash = std::array<std::uint8_t, 32>;

// Sha256 hashes `bytes` (FIPS 180-4). Thread-safe.
Sha256Hash Sha256(ByteView bytes);

// Sha256Hex is the same as 64 lower-case hexadecimal characters.
std::string Sha256Hex(ByteView bytes);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_SHA256_H_
