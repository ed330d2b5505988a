// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_TIMESTAMP_TOKEN_H_
#define PULLSEAL_CORE_CRYPTO_TIMESTAMP_TOKEN_H_

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/certificate.h"

namespace pullseal::crypto {

// TimestampToken is a bare RFC 3161 TimeStampToken, not the response around it: somebody's word that bytes existed at a
// time. Well formed if it exists; nothing is verified. Immutable, cheap to copy, thread-safe.
//
// It is read by a reader of its own because OpenSSL's takes what RFC 3161 and RFC 5816 forbid: ESS certificate
// identifiers of version 1 and of SHA-1, other versions of SignedData and SignerInfo, a contentType attribute that is
// not TSTInfo's, bytes behind the token and indefinite lengths.
class TimestampToken {
 public:
  struct Impl;

  // Parse reads a ContentInfo of at most limits::kTimestampBytes: SignedData of version 3 (RFC 5652 section 5.1) around
  // a TSTInfo of version 1 (RFC 3161 section 2.4.2) with nothing behind it, exactly one SignerInfo, of version 1, whose
  // signed attributes have contentType, messageDigest and SigningCertificateV2 (RFC 5816) once each; SHA-256, SHA-384
  // and SHA-512 only; RSA PKCS #1 v1.5 and ECDSA only. All in DER. Certificates inside that cannot be read are passed
  // over, more than limits::kCertificates are refused. kInvalid or kLimit.
  static Result<TimestampToken> Parse(ByteView der);

  // genTime, to the microsecond.
  WallTime time() const;
  // How far it may be off, to either side: what the token says, else a second under the policy of ETSI EN 319 421
  // (0.4.0.2023.1.1), else nothing. Never negative, at most a year.
  std::chrono::microseconds accuracy() const;
  // CMS's own signingTime attribute, where there is one.
  std::optional<WallTime> signing_time() const;

  // Whether the imprint is the digest of `bytes`.
  bool IsOver(ByteView bytes) const;

  // The certificates inside, in the token's order: claims like all else.
  const std::vector<Certificate>& certificates() const;

  // The certificate inside that the SignerInfo and the ESS attribute name, and whose key made the signature over the
  // signed attributes, which have the TSTInfo's digest. Whether it may make timestamps is not asked. kInvalid says what
  // is wrong.
  Result<Certificate> Signer() const;

 private:
  explicit TimestampToken(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_TIMESTAMP_TOKEN_H_
