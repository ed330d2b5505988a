// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_START_H_
#define PULLSEAL_CORE_CRYPTO_START_H_

namespace pullseal::crypto {

// Whether OpenSSL loads the texts of its errors. Nothing of this folder shows them; libcurl does where TLS fails.
enum class ErrorTexts { kLoad, kNone };

// For programs, before anything else of this folder; not for libraries, whose program decides. What is verified, and
// how, shall not depend on a configuration file of the machine (openssl.cnf), which can bring in other implementations
// or leave some out; OpenSSL would read it when it is first used. And what OpenSSL holds at the end is left to the
// kernel.
void StartOpenSsl(ErrorTexts texts = ErrorTexts::kLoad);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_START_H_
