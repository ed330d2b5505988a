// SPDX-License-Identifier: Apache-2.0
#include <openssl/x509v3.h>

#include <cstddef>
#include <cstdint>

#include "core/crypto/issuer_chain.h"
#include "core/crypto/openssl.h"
#include "fuzz/fixed.h"
#include "verify/sigstore/certificate_identity.h"
#include "verify/sigstore/certificate_timestamp.h"

namespace {

// What we say of a certificate is what OpenSSL's X509 says of it, where that can read it at all.
void Compare(const pullseal::crypto::Certificate& certificate) {
  using namespace pullseal;
  X509* native = certificate.impl().Native();
  if (native == nullptr) __builtin_trap();
  const auto flags = X509_get_extension_flags(native);
  if ((flags & EXFLAG_INVALID) == 0) {
    if (certificate.IsAuthority() != ((flags & EXFLAG_CA) != 0)) __builtin_trap();
    const bool signs = (flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(native) & KU_DIGITAL_SIGNATURE) != 0;
    if (certificate.MaySignData() != signs) __builtin_trap();
  }
  if (const auto key = certificate.Key()) {
    const EVP_PKEY* theirs = X509_get0_pubkey(native);
    const unsigned char* der = key->Der().data();
    const crypto::KeyPtr ours(d2i_PUBKEY(nullptr, &der, static_cast<long>(key->Der().size())));
    if (theirs == nullptr || !ours || EVP_PKEY_eq(theirs, ours.get()) != 1) __builtin_trap();
  }
  ERR_clear_error();
}

void Read(const pullseal::crypto::Certificate& certificate) {
  using namespace pullseal;
  Compare(certificate);
  (void)certificate.AlternativeNames();
  (void)certificate.ExtendedKeyUsages();
  (void)certificate.SubjectText();
  (void)crypto::IssuerChain::Make({certificate}, crypto::kCodeSigning);
  (void)crypto::TimestampAuthority::Make({certificate});
  const auto identity = sigstore::CertificateIdentity::Of(certificate);
  const auto promises = sigstore::CertificateTimestamp::EmbeddedIn(certificate);
  for (const auto& authority : fuzz::Trusted()->certificate_authorities()) {
    // Only the seeds were issued, and all of them name this identity.
    const bool issued = authority.chain.Issued(certificate).ok();
    if (issued &&
        X509_verify(certificate.impl().Native(), X509_get0_pubkey(authority.chain.issuer().impl().Native())) != 1) {
      __builtin_trap();
    }
    if (issued && identity && !identity->subject.starts_with("https://github.com/acme/app/")) __builtin_trap();
    const auto entry = sigstore::PrecertificateEntry::Of(certificate, authority.chain.issuer());
    if (!entry || !promises) continue;
    for (const auto& log : fuzz::Trusted()->certificate_logs()) {
      for (const auto& promise : *promises) (void)entry->SignedBy(promise, log.key);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const ByteView bytes(data, size);
  (void)crypto::PublicKey::ParseDer(bytes);
  if (const auto certificate = crypto::Certificate::ParseDer(bytes)) Read(*certificate);
  if (const auto list = crypto::Certificate::ParsePem(AsText(bytes))) {
    for (const auto& certificate : *list) Read(certificate);
  }
  return 0;
}
