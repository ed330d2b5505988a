// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_CERTIFICATE_IDENTITY_H_
#define PULLSEAL_VERIFY_SIGSTORE_CERTIFICATE_IDENTITY_H_

#include <map>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/crypto/certificate.h"

namespace pullseal::sigstore {

// CertificateIdentity is who a code-signing certificate of Fulcio says its holder is (Fulcio, "oid-info"). It is as
// true as the certificate is verified.
struct CertificateIdentity {
  // Of reads the certificate: exactly one subject alternative name, a URI, an email address, or the otherName
  // 1.3.6.1.4.1.57264.1.7; the issuer from extension .8, else .1, which must agree where both are there; the other
  // extensions .2 to .24. Values of .1 to .6 are bare text, of .8 on a DER UTF8String and nothing behind it. kInvalid.
  static Result<CertificateIdentity> Of(const crypto::Certificate& certificate);

  // Whether `name` is one of an extension, as in `extensions`.
  static bool IsExtensionName(std::string_view name);

  std::string issuer;   // of the token the identity was taken from; empty if the certificate says none
  std::string subject;  // the alternative name
  std::map<std::string, std::string> extensions;  // by lowerCamelCase name, such as sourceRepositoryUri
};

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_CERTIFICATE_IDENTITY_H_
