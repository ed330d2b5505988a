// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/raw_signature.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <utility>

#include "core/crypto/openssl.h"

namespace pullseal::crypto {
namespace {

using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using EcdsaPtr = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

// The length of the curve's order in bytes; absent for other keys.
std::optional<std::size_t> OrderSize(PublicKey::Kind kind) {
  switch (kind) {
    case PublicKey::Kind::kEcdsaP256:
      return 32;
    case PublicKey::Kind::kEcdsaP384:
      return 48;
    case PublicKey::Kind::kEcdsaP521:
      return 66;
    case PublicKey::Kind::kRsa:
    case PublicKey::Kind::kEd25519:
      break;
  }
  return std::nullopt;
}

// The DER that OpenSSL wants; empty if there is no memory.
Bytes EcdsaDer(ByteView r, ByteView s) {
  NumberPtr first(BN_bin2bn(r.data(), static_cast<int>(r.size()), nullptr));
  NumberPtr second(BN_bin2bn(s.data(), static_cast<int>(s.size()), nullptr));
  const EcdsaPtr pair(ECDSA_SIG_new());
  if (!first || !second || !pair) return {};
  if (ECDSA_SIG_set0(pair.get(), first.get(), second.get()) != 1) return {};
  // They are the pair's now.
  (void)first.release();
  (void)second.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  Bytes out;
  if (size > 0) out.assign(der, der + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace

std::optional<int> RsaBits(const PublicKey& key) {
  if (key.kind() != PublicKey::Kind::kRsa) return std::nullopt;
  return EVP_PKEY_get_bits(key.impl().key.get());
}

bool VerifyPss(const PublicKey& key, Hash hash, ByteView message, ByteView signature) {
  const auto bits = RsaBits(key);
  if (!bits || signature.size() != static_cast<std::size_t>((*bits + 7) / 8)) return false;
  const ErrorScope scope;
  const EVP_MD* md = ToOpenSsl(hash);
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;  // the context's
  return context && EVP_DigestVerifyInit(context.get(), &options, md, nullptr, key.impl().key.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(options, md) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

bool VerifyFixedEcdsa(const PublicKey& key, Hash hash, ByteView message, ByteView signature) {
  const auto size = OrderSize(key.kind());
  if (!size || signature.size() != 2 * *size) return false;
  const ErrorScope scope;
  const Bytes der = EcdsaDer(signature.first(*size), signature.subspan(*size));
  return !der.empty() && key.VerifyWith(hash, message, der);
}

}  // namespace pullseal::crypto
