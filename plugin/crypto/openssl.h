#ifndef PULLSEAL_CRYPTO_OPENSSL_H_
#define PULLSEAL_CRYPTO_OPENSSL_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/hash.h"
#include "crypto/public_key.h"

// What the files of this folder share of OpenSSL's objects. No other folder includes it.
namespace pullseal::crypto {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
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
  CertificatePtr x509;
  Bytes der;
  std::vector<std::string> extensions;  // dotted object identifiers, in the certificate's order
  WallTime not_before;
  WallTime not_after;
};

// A store that trusts `anchor` alone, root or not, at any time. Null if there is no memory.
StorePtr StoreTrusting(const Certificate& anchor);

// The key of a certificate, checked as PublicKey promises. kInvalid says what is wrong.
Result<PublicKey> KeyOfCertificate(X509* certificate);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CRYPTO_OPENSSL_H_
