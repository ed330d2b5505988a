// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_SIGNING_CHAIN_H_
#define PULLSEAL_VERIFY_NOTARY_SIGNING_CHAIN_H_

#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/certificate.h"

namespace pullseal::notary {

// SigningChain is the chain of certificates that an envelope brings, the signer's first, its root last. If one exists
// it is a chain by the Notary Project's rules ("Certificate Requirements"); that anybody trusts it is another question.
// Immutable, cheap to copy, thread-safe.
class SigningChain {
 public:
  // Make takes at most limits::kCertificates. Each is issued by the next (RFC 5280 section 6 but for time: names,
  // signatures, path lengths, critical extensions, name constraints), the last is signed by itself and no other is. A
  // single certificate is a signer's that is signed by itself. kInvalid says which rule is broken.
  static Result<SigningChain> Make(std::vector<crypto::Certificate> certificates);

  const crypto::Certificate& leaf() const { return certificates_.front(); }
  const std::vector<crypto::Certificate>& certificates() const { return certificates_; }

  // Whether every certificate is valid from the one time to the other, both included.
  bool ValidFrom(WallTime first, WallTime last) const;
  WallTime not_after() const;  // the earliest of the chain

 private:
  explicit SigningChain(std::vector<crypto::Certificate> certificates) : certificates_(std::move(certificates)) {}
  std::vector<crypto::Certificate> certificates_;
};

// CheckSigner says what forbids a certificate to sign artifacts: it is an authority, its keyUsage is not critical,
// lacks digitalSignature or allows anything but signing data, or an extended key usage is of another trade (serverAuth,
// clientAuth, emailProtection, timeStamping, OCSPSigning, any). None at all or private ones alone are fine. kInvalid.
Status CheckSigner(const crypto::Certificate& certificate);

// CheckAuthority says what forbids one to issue signers' certificates, or with `for_timestamps` timestamp authorities':
// no critical basicConstraints with CA, no critical keyUsage with keyCertSign (for timestamps it need not be critical:
// Microsoft's root of 2010 is so), a key that is not RSA of 2048 to 4096 bits or on a NIST curve, extended key usages
// that are all of other trades. kInvalid.
Status CheckAuthority(const crypto::Certificate& certificate, bool for_timestamps);

// CheckTimestamper says what forbids one to sign timestamps: it is an authority, timeStamping is not its only extended
// key usage, critical (RFC 3161 section 2.3), its keyUsage lacks digitalSignature or allows anything but signing data.
// kInvalid.
Status CheckTimestamper(const crypto::Certificate& certificate);

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_SIGNING_CHAIN_H_
