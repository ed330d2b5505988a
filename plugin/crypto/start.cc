#include "crypto/start.h"

#include <openssl/crypto.h>

namespace pullseal::crypto {

void StartOpenSsl() { OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr); }

}  // namespace pullseal::crypto
