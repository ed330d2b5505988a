// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/hmac.h"

#include <algorithm>
#include <array>

namespace pullseal::crypto {

Sha256Hash HmacSha256(ByteView key, ByteView message) {
  std::array<std::uint8_t, 64> block{};  // of SHA-256
  if (key.size() > block.size()) {
    const Sha256Hash hashed = Sha256(key);
    std::copy(hashed.begin(), hashed.end(), block.begin());
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  Bytes inner;
  Bytes outer;
  for (const std::uint8_t byte : block) {
    inner.push_back(static_cast<std::uint8_t>(byte ^ 0x36U));
    outer.push_back(static_cast<std::uint8_t>(byte ^ 0x5CU));
  }
  inner.insert(inner.end(), message.begin(), message.end());
  const Sha256Hash first = Sha256(inner);
  outer.insert(outer.end(), first.begin(), first.end());
  return Sha256(outer);
}

bool SameHash(const Sha256Hash& a, const Sha256Hash& b) {
  unsigned different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) different |= static_cast<unsigned>(a[i] ^ b[i]);
  return different == 0;
}

}  // namespace pullseal::crypto
