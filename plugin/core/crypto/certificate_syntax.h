// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_CERTIFICATE_SYNTAX_H_
#define PULLSEAL_CORE_CRYPTO_CERTIFICATE_SYNTAX_H_

#include <openssl/asn1t.h>
#include <openssl/x509.h>

#include <memory>

#include "core/base/bytes.h"

// The ASN.1 of a certificate (RFC 5280 section 4.1), for OpenSSL's reader. OpenSSL's own X509 is not used for it: that
// one reads the key at once, by a decoder which OpenSSL 3.0 sets up anew for each, and this takes longer than a
// signature's verification. No other folder includes it.
namespace pullseal::crypto {

struct KeyInfoSyntax {  // SubjectPublicKeyInfo
  X509_ALGOR* algorithm;
  ASN1_BIT_STRING* key;
};

struct TbsSyntax {  // TBSCertificate
  ASN1_INTEGER* version;
  ASN1_INTEGER* serial_number;
  X509_ALGOR* signature;
  X509_NAME* issuer;
  X509_VAL* validity;
  X509_NAME* subject;
  KeyInfoSyntax* key_info;
  ASN1_BIT_STRING* issuer_id;
  ASN1_BIT_STRING* subject_id;
  STACK_OF(X509_EXTENSION) * extensions;
};

struct CertificateSyntax {
  TbsSyntax* tbs;
  X509_ALGOR* algorithm;
  ASN1_BIT_STRING* signature;
};

struct CertificateSyntaxFree {
  void operator()(CertificateSyntax* value) const;
};
struct KeyInfoSyntaxFree {
  void operator()(KeyInfoSyntax* value) const;
};
using CertificateSyntaxPtr = std::unique_ptr<CertificateSyntax, CertificateSyntaxFree>;
using KeyInfoSyntaxPtr = std::unique_ptr<KeyInfoSyntax, KeyInfoSyntaxFree>;

// Null unless `der` is one certificate in strict DER with nothing behind it, its times included: what is read is
// written again and compared.
CertificateSyntaxPtr ReadCertificate(ByteView der);
KeyInfoSyntaxPtr ReadKeyInfo(ByteView der);
Bytes WriteKeyInfo(const KeyInfoSyntax& value);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_CERTIFICATE_SYNTAX_H_
