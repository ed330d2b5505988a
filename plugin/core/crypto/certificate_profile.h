// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_CERTIFICATE_PROFILE_H_
#define PULLSEAL_CORE_CRYPTO_CERTIFICATE_PROFILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/certificate.h"

// What a certificate says about itself beyond what Certificate tells: for rules that ask how it says so.
namespace pullseal::crypto {

// Bits of keyUsage (RFC 5280 section 4.2.1.3).
enum KeyUsage : std::uint32_t {
  kDigitalSignature = 1U << 0,
  kNonRepudiation = 1U << 1,
  kKeyEncipherment = 1U << 2,
  kDataEncipherment = 1U << 3,
  kKeyAgreement = 1U << 4,
  kKeyCertSign = 1U << 5,
  kCrlSign = 1U << 6,
  kEncipherOnly = 1U << 7,
  kDecipherOnly = 1U << 8,
};

// CertificateProfile is what the extensions say a certificate is for, and with what weight.
struct CertificateProfile {
  bool is_authority = false;           // basicConstraints with CA (section 4.2.1.9)
  bool constraints_critical = false;   // basicConstraints is there and critical
  std::optional<std::uint32_t> usage;  // keyUsage, of KeyUsage's bits; absent if the extension is
  bool usage_critical = false;
  std::vector<std::string> extended_usages;  // dotted object identifiers (section 4.2.1.12); empty if absent
  bool extended_usages_critical = false;
};
CertificateProfile ProfileOf(const Certificate& certificate);

// IsSelfSigned says whether the certificate names itself as its issuer and its own key made its signature.
bool IsSelfSigned(const Certificate& certificate);

// NamesAsIssuer says whether `subject` names `issuer` as the one who issued it. Proves nothing.
bool NamesAsIssuer(const Certificate& subject, const Certificate& issuer);

// NameAttribute is one attribute of a distinguished name (section 4.1.2.4).
struct NameAttribute {
  auto operator<=>(const NameAttribute&) const = default;
  std::string type;   // the dotted object identifier
  std::string value;  // UTF-8, whatever kind of string it was
};

// SubjectAttributes reads the subject, the parts of multi-valued names one by one, in the certificate's order. kInvalid
// if a value is no text, empty, or holds a control character; kLimit for more than limits::kNameAttributes.
Result<std::vector<NameAttribute>> SubjectAttributes(const Certificate& certificate);

// IssuerAndSerial is the name of a certificate as others refer to it (RFC 5652 section 10.2.4), both as DER.
struct IssuerAndSerial {
  bool operator==(const IssuerAndSerial&) const = default;
  Bytes issuer;
  Bytes serial;
};
IssuerAndSerial IssuerAndSerialOf(const Certificate& certificate);

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_CERTIFICATE_PROFILE_H_
