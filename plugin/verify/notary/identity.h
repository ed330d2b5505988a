// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_IDENTITY_H_
#define PULLSEAL_VERIFY_NOTARY_IDENTITY_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/crypto/certificate.h"
#include "core/crypto/certificate_profile.h"

namespace pullseal::notary {

// Identity says whose certificate may have signed: attributes that its subject has, or an extended key usage that
// stands for a signer whose certificates change daily. Immutable, thread-safe.
class Identity {
 public:
  // ParseSubject reads a distinguished name as notation's trust policies write it ("Trusted Identities" of the Notary
  // Project's trust policy): "C=US, ST=Washington, O=Acme, CN=release", separated by commas or semicolons, special
  // characters behind a backslash as themselves or as two hexadecimal digits; types are C, ST or S, L, STREET,
  // POSTALCODE, O, OU, CN, SERIALNUMBER in capitals. C, ST and O must be there; none may be there twice or be empty;
  // several values in one part ("+") and values in hexadecimal ("=#") are refused. At most
  // limits::kDistinguishedNameBytes. kInvalid or kLimit.
  static Result<Identity> ParseSubject(std::string_view text);

  // ParseUsage reads an object identifier that Microsoft's Artifact Signing gives to one validated identity: it lies
  // under 1.3.6.1.4.1.311.97.1.3.1, or under 1.3.6.1.4.1.311.97 with a next arc that is not 1, with further arcs. Those
  // that many signers share are kInvalid.
  static Result<Identity> ParseUsage(std::string_view oid);

  // Any object identifier, which may mean a great many signers.
  static Result<Identity> UnsafeUsage(std::string_view oid);
  // Whoever has a certificate of the trust store.
  static Identity UnsafeAnybody() { return Identity(); }

  // Whether `leaf` is that signer's: it has the usage, or each named attribute exactly once in its subject with exactly
  // that value. A subject that cannot be read is nobody's.
  bool Fits(const crypto::Certificate& leaf) const;

  // Whether each certificate that fits one of them fits the other.
  bool Overlaps(const Identity& other) const;

  const std::string& text() const { return text_; }  // for people

 private:
  Identity() : text_("*") {}
  std::string text_;
  std::vector<crypto::NameAttribute> subject_;  // sorted
  std::string usage_;
};

// SignerName writes a subject so that one signer has one name whatever the order in its certificates: its attributes
// sorted, as "C=US, ST=Washington, O=Acme, CN=release", special characters behind a backslash. kInvalid if the subject
// cannot be read.
Result<std::string> SignerName(const crypto::Certificate& certificate);

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_IDENTITY_H_
