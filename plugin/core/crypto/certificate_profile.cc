// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/certificate_profile.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "core/crypto/limits.h"
#include "core/crypto/openssl.h"

namespace pullseal::crypto {
namespace {

const TbsSyntax& Tbs(const Certificate& certificate) { return *certificate.impl().syntax->tbs; }

// Whether the extension is there and critical.
bool IsCritical(const STACK_OF(X509_EXTENSION) * extensions, int nid) {
  const int at = X509v3_get_ext_by_NID(extensions, nid, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509v3_get_ext(extensions, at)) == 1;
}

// OpenSSL keeps the first octet of the bits in the low byte, its first bit highest.
std::uint32_t UsageOf(std::uint32_t bits) {
  std::uint32_t out = 0;
  for (std::uint32_t i = 0; i < 8; ++i) {
    if ((bits & (0x80U >> i)) != 0) out |= 1U << i;
  }
  if ((bits & 0x8000U) != 0) out |= kDecipherOnly;
  return out;
}

std::string Dotted(const ASN1_OBJECT* object) {
  char text[128] = {};
  const int length = OBJ_obj2txt(text, sizeof text, object, 1);
  return length > 0 && length < static_cast<int>(sizeof text) ? std::string(text) : std::string();
}

template <typename T, int (*Write)(const T*, unsigned char**)>
Bytes Encode(const T* value) {
  unsigned char* der = nullptr;
  const int size = Write(value, &der);
  Bytes out;
  if (size > 0) out.assign(der, der + size);
  OPENSSL_free(der);
  return out;
}

Result<NameAttribute> ReadAttribute(const X509_NAME_ENTRY* entry) {
  NameAttribute out;
  out.type = Dotted(X509_NAME_ENTRY_get_object(entry));
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
  if (size > 0) out.value.assign(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  const bool clean = std::none_of(out.value.begin(), out.value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  if (out.type.empty() || size <= 0 || !clean || !IsUtf8(out.value)) {
    return Error{ErrorCode::kInvalid, "certificate: has an attribute in its subject that is no clean text"};
  }
  return out;
}

}  // namespace

CertificateProfile ProfileOf(const Certificate& certificate) {
  const auto* extensions = Tbs(certificate).extensions;
  CertificateProfile out;
  out.is_authority = certificate.IsAuthority();
  out.constraints_critical = IsCritical(extensions, NID_basic_constraints);
  if (const auto& bits = certificate.impl().key_usage; bits) out.usage = UsageOf(*bits);
  out.usage_critical = IsCritical(extensions, NID_key_usage);
  out.extended_usages = certificate.ExtendedKeyUsages();
  out.extended_usages_critical = IsCritical(extensions, NID_ext_key_usage);
  return out;
}

bool IsSelfSigned(const Certificate& certificate) {
  if (!certificate.IsSelfIssued()) return false;
  const auto key = certificate.Key();
  return key && certificate.SignedBy(*key);
}

bool NamesAsIssuer(const Certificate& subject, const Certificate& issuer) {
  return X509_NAME_cmp(Tbs(subject).issuer, Tbs(issuer).subject) == 0;
}

Result<std::vector<NameAttribute>> SubjectAttributes(const Certificate& certificate) {
  const ErrorScope scope;
  const X509_NAME* subject = Tbs(certificate).subject;
  const int count = X509_NAME_entry_count(subject);
  if (count > static_cast<int>(limits::kNameAttributes)) {
    return Error{ErrorCode::kLimit, "certificate: has too many attributes in its subject"};
  }
  std::vector<NameAttribute> out;
  for (int i = 0; i < count; ++i) {
    auto attribute = ReadAttribute(X509_NAME_get_entry(subject, i));
    if (!attribute) return attribute.error();
    out.push_back(std::move(*attribute));
  }
  return out;
}

IssuerAndSerial IssuerAndSerialOf(const Certificate& certificate) {
  const TbsSyntax& tbs = Tbs(certificate);
  return IssuerAndSerial{Encode<X509_NAME, i2d_X509_NAME>(tbs.issuer),
                         Encode<ASN1_INTEGER, i2d_ASN1_INTEGER>(tbs.serial_number)};
}

}  // namespace pullseal::crypto
