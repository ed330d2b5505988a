// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_OPENSSL_H_
#define PULLSEAL_CORE_CRYPTO_OPENSSL_H_

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/crypto/certificate.h"
#include "core/crypto/certificate_syntax.h"
#include "core/crypto/hash.h"
#include "core/crypto/public_key.h"

// What the files of this folder share of OpenSSL's objects. No other folder includes it.
namespace pullseal::crypto {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
// Nothing that fails within a scope stays in the thread's list of OpenSSL's errors.
struct ErrorScope {
  ErrorScope() = default;
  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;
  ~ErrorScope() { ERR_clear_error(); }
};

using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using CertificatePtr = std::unique_ptr<X509, Deleter<X509_free>>;

const EVP_MD* ToOpenSsl(Hash hash);

struct PublicKey::Impl {
  KeyPtr key;
  Kind kind;
  Bytes der;
};

struct Certificate::Impl {
  // OpenSSL's own object of it, made when first asked for, since that costs as much as verifying a signature: for
  // authorities, not for signers. Null if OpenSSL cannot read it. Thread-safe.
  X509* Native() const;

  CertificateSyntaxPtr syntax;
  Bytes der;
  bool is_authority = false;
  long path_length = -1;                   // none if negative
  std::optional<std::uint32_t> key_usage;  // the KU_ bits
  std::vector<std::string> extensions;     // dotted object identifiers, in the certificate's order
  WallTime not_before;
  WallTime not_after;

  mutable std::once_flag native_once;
  mutable CertificatePtr native;
};

// A store that trusts `anchor` alone, root or not, at any time. Null if there is no memory.
StorePtr StoreTrusting(const Certificate& anchor);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_OPENSSL_H_
