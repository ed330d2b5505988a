// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/certificate_syntax.h"

#include <openssl/err.h>

#include <algorithm>
#include <string_view>

namespace pullseal::crypto {
namespace {

// clang-format off
ASN1_SEQUENCE(KeyInfoSyntax) = {
  ASN1_SIMPLE(KeyInfoSyntax, algorithm, X509_ALGOR),
  ASN1_SIMPLE(KeyInfoSyntax, key, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(KeyInfoSyntax)

ASN1_SEQUENCE(TbsSyntax) = {
  ASN1_EXP_OPT(TbsSyntax, version, ASN1_INTEGER, 0),
  ASN1_SIMPLE(TbsSyntax, serial_number, ASN1_INTEGER),
  ASN1_SIMPLE(TbsSyntax, signature, X509_ALGOR),
  ASN1_SIMPLE(TbsSyntax, issuer, X509_NAME),
  ASN1_SIMPLE(TbsSyntax, validity, X509_VAL),
  ASN1_SIMPLE(TbsSyntax, subject, X509_NAME),
  ASN1_SIMPLE(TbsSyntax, key_info, KeyInfoSyntax),
  ASN1_IMP_OPT(TbsSyntax, issuer_id, ASN1_BIT_STRING, 1),
  ASN1_IMP_OPT(TbsSyntax, subject_id, ASN1_BIT_STRING, 2),
  ASN1_EXP_SEQUENCE_OF_OPT(TbsSyntax, extensions, X509_EXTENSION, 3),
} static_ASN1_SEQUENCE_END(TbsSyntax)

ASN1_SEQUENCE(CertificateSyntax) = {
  ASN1_SIMPLE(CertificateSyntax, tbs, TbsSyntax),
  ASN1_SIMPLE(CertificateSyntax, algorithm, X509_ALGOR),
  ASN1_SIMPLE(CertificateSyntax, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(CertificateSyntax)
    // clang-format on

    void Free(void* value, const ASN1_ITEM* item) {
  ASN1_item_free(static_cast<ASN1_VALUE*>(value), item);
}

Bytes Write(const void* value, const ASN1_ITEM* item) {
  unsigned char* der = nullptr;
  const int size = ASN1_item_i2d(static_cast<const ASN1_VALUE*>(value), &der, item);
  Bytes out;
  if (size > 0) out.assign(der, der + size);
  OPENSSL_free(der);
  return out;
}

// Whole octets, as keys and signatures are.
bool IsOctets(const ASN1_BIT_STRING* bits) { return (bits->flags & 0x07) == 0; }

// OpenSSL reads more than DER, and stops behind the value; what differs when written again was not one strict value.
template <typename Pointer>
Pointer Read(ByteView der, const ASN1_ITEM* item) {
  const unsigned char* position = der.data();
  ASN1_VALUE* value = ASN1_item_d2i(nullptr, &position, static_cast<long>(der.size()), item);
  Pointer out(reinterpret_cast<typename Pointer::pointer>(value));
  if (out && !std::ranges::equal(Write(out.get(), item), der)) out = nullptr;
  ERR_clear_error();
  return out;
}

// A time in DER (RFC 5280 section 4.1.2.5): UTCTime YYMMDDHHMMSSZ or GeneralizedTime YYYYMMDDHHMMSSZ. OpenSSL also
// takes offsets, fractions and times without seconds.
bool IsExactTime(const ASN1_TIME* time) {
  const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(time)),
                              static_cast<std::size_t>(ASN1_STRING_length(time)));
  const std::size_t digits = ASN1_STRING_type(time) == V_ASN1_UTCTIME ? 12 : 14;
  return text.size() == digits + 1 && text.find_first_not_of("0123456789") == digits && text.back() == 'Z';
}

}  // namespace

void CertificateSyntaxFree::operator()(CertificateSyntax* value) const {
  Free(value, ASN1_ITEM_rptr(CertificateSyntax));
}
void KeyInfoSyntaxFree::operator()(KeyInfoSyntax* value) const { Free(value, ASN1_ITEM_rptr(KeyInfoSyntax)); }

CertificateSyntaxPtr ReadCertificate(ByteView der) {
  auto out = Read<CertificateSyntaxPtr>(der, ASN1_ITEM_rptr(CertificateSyntax));
  if (out && (!IsOctets(out->signature) || !IsOctets(out->tbs->key_info->key))) out = nullptr;
  if (out && (!IsExactTime(out->tbs->validity->notBefore) || !IsExactTime(out->tbs->validity->notAfter))) out = nullptr;
  return out;
}

KeyInfoSyntaxPtr ReadKeyInfo(ByteView der) {
  auto out = Read<KeyInfoSyntaxPtr>(der, ASN1_ITEM_rptr(KeyInfoSyntax));
  if (out && !IsOctets(out->key)) out = nullptr;
  return out;
}

Bytes WriteKeyInfo(const KeyInfoSyntax& value) { return Write(&value, ASN1_ITEM_rptr(KeyInfoSyntax)); }

}  // namespace pullseal::crypto
