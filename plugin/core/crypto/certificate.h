// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_CERTIFICATE_H_
#define PULLSEAL_CORE_CRYPTO_CERTIFICATE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/public_key.h"

namespace pullseal::crypto {

// AlternativeName is one subject alternative name (RFC 5280 section 4.2.1.6) of a kind that names a signer.
struct AlternativeName {
  enum class Kind { kUri, kEmail, kDns, kOther };
  Kind kind = Kind::kUri;
  std::string other_type;  // the dotted object identifier of an otherName
  std::string value;       // printable UTF-8 without NUL; of an otherName its UTF8String
};

// Certificate is an X.509 version 3 certificate (RFC 5280). Well formed if it exists: strict DER without a byte behind
// it, signed with a hash we accept. Nothing about it is verified. Immutable, cheap to copy, thread-safe.
class Certificate {
 public:
  struct Impl;

  // ParseDer reads one certificate of at most limits::kCertificateBytes. kInvalid or kLimit.
  static Result<Certificate> ParseDer(ByteView der);
  // ParsePem reads 1 to limits::kCertificates "CERTIFICATE" blocks with nothing but white space around them.
  static Result<std::vector<Certificate>> ParsePem(std::string_view pem);

  const Bytes& Der() const;
  // The subject's key; kInvalid if it is of a kind that PublicKey does not take.
  Result<PublicKey> Key() const;
  // Its DER SubjectPublicKeyInfo, as it stands in the certificate.
  Bytes KeyInfo() const;
  // Whether `key` made its signature, with the algorithm that the certificate names (RFC 5280 section 6.1.3 (a)(1)).
  bool SignedBy(const PublicKey& key) const;

  // The validity period, whose ends belong to it (RFC 5280 section 4.1.2.5).
  WallTime not_before() const;
  WallTime not_after() const;
  bool ValidAt(WallTime time) const { return not_before() <= time && time <= not_after(); }

  bool IsAuthority() const;         // basicConstraints CA
  bool IsSelfIssued() const;        // subject and issuer are one name
  bool HasEmptySubject() const;     // then the alternative names alone say whose it is
  bool MaySignData() const;         // keyUsage is there and has digitalSignature (RFC 5280 section 4.2.1.3)
  std::string SubjectText() const;  // for people

  // Dotted object identifiers of the extended key usages (RFC 5280 section 4.2.1.12); empty if the extension is absent.
  std::vector<std::string> ExtendedKeyUsages() const;

  // The alternative names. kInvalid if one is of another kind, holds control characters or is no UTF-8.
  Result<std::vector<AlternativeName>> AlternativeNames() const;

  // The value inside the extension of that dotted object identifier. kInvalid if it is there twice.
  Result<std::optional<Bytes>> Extension(std::string_view oid) const;

  // The TBSCertificate without the extension of that object identifier, all else in its order: what a certificate log
  // signed as the precertificate (RFC 6962 section 3.2).
  Result<Bytes> TbsWithout(std::string_view oid) const;

  const Impl& impl() const { return *impl_; }

 private:
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// The content of `der` if it is exactly one primitive value of universal tag `tag` (X.690), with nothing behind it.
Result<ByteView> DerContent(ByteView der, int tag);
inline constexpr int kDerOctetString = 4;
inline constexpr int kDerUtf8String = 12;

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_CERTIFICATE_H_
