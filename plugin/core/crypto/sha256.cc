// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/sha256.h"

#include <openssl/sha.h>

namespace pullseal::crypto {

Sha256Hash Sha256(ByteView bytes) {
  Sha256Hash hash;
  SHA256(bytes.data(), bytes.size(), hash.data());
  return hash;
}

std::string Sha256Hex(ByteView bytes) { return HexEncode(Sha256(bytes)); }

}  // namespace pullseal::crypto
