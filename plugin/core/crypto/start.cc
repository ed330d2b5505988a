// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/start.h"

#include <openssl/crypto.h>

#include <cstdint>

namespace pullseal::crypto {

void StartOpenSsl(ErrorTexts texts) {
  const std::uint64_t none = texts == ErrorTexts::kNone ? OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS : 0;
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT | none, nullptr);
}

}  // namespace pullseal::crypto
