// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_TIMESTAMP_H_
#define PULLSEAL_CORE_CRYPTO_TIMESTAMP_H_

#include <memory>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/certificate.h"
#include "core/crypto/issuer_chain.h"

namespace pullseal::crypto {

// TimestampAuthority is an authority whose word about time is trusted: the certificate it signs with and the chain
// above it. Immutable, cheap to copy, thread-safe.
class TimestampAuthority {
 public:
  // Make takes a chain, the signing certificate first. The signing certificate is no authority, has timeStamping as its
  // only extended key usage, critical (RFC 3161 section 2.3). A chain that begins with an authority is refused: nothing
  // would say which of its certificates is the timestamp authority. kInvalid.
  static Result<TimestampAuthority> Make(std::vector<Certificate> chain);

  // Whether the signing certificate and every one above it are valid at `time`.
  bool ValidAt(WallTime time) const { return signer_.ValidAt(time) && (!chain_ || chain_->ValidAt(time)); }
  const Certificate& signer() const { return signer_; }
  const std::optional<IssuerChain>& chain() const { return chain_; }

 private:
  TimestampAuthority(Certificate signer, std::optional<IssuerChain> chain)
      : signer_(std::move(signer)), chain_(std::move(chain)) {}
  Certificate signer_;
  std::optional<IssuerChain> chain_;  // absent for a signing certificate that is itself the anchor
};

// Timestamp is an RFC 3161 time-stamp response: somebody's word that bytes existed at a time. Well formed if it exists;
// nothing is verified. Cheap to copy; copies are for one thread at a time.
class Timestamp {
 public:
  // Parse reads a DER TimeStampResp (section 2.4.2) of at most limits::kTimestampBytes: granted, a token around a
  // TSTInfo with exactly one signer, its imprint and its signature over SHA-256, SHA-384 or SHA-512. kInvalid or
  // kLimit.
  static Result<Timestamp> Parse(ByteView der);

  // genTime, to the nanosecond.
  WallTime time() const;

  // Whether the imprint is the digest of `bytes`.
  bool IsOver(ByteView bytes) const;

  // Whether the token names the authority's signing certificate as its signer; proves nothing.
  bool Names(const TimestampAuthority& authority) const;

  // Verify checks that the authority's signing certificate signed the token: the CMS signature over the signed
  // attributes, the TSTInfo's digest, the ESS attribute that binds the certificate (RFC 3161 section 2.4.2, RFC 5816).
  // Certificates inside the token are not used. Not the time. kInvalid says what is wrong.
  Status Verify(const TimestampAuthority& authority) const;

 private:
  struct Impl;
  explicit Timestamp(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_TIMESTAMP_H_
