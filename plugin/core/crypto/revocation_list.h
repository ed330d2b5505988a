// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_REVOCATION_LIST_H_
#define PULLSEAL_CORE_CRYPTO_REVOCATION_LIST_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/public_key.h"

namespace pullseal::crypto {

// RevocationList is a certificate revocation list (CRL, RFC 5280 section 5). Well formed if it exists: strict DER
// without a byte behind it. Nothing about it is verified. Immutable, cheap to copy, thread-safe.
class RevocationList {
 public:
  // Parse reads one complete list of version 2 in DER of at most limits::kRevocationListBytes. Refused are lists of
  // differences, lists about other issuers' certificates, critical extensions but the issuing distribution point, lists
  // signed over anything but SHA-256, SHA-384 or SHA-512. kInvalid or kLimit.
  static Result<RevocationList> Parse(Bytes der);

  // Whether `key` made its signature, with the algorithm that it names.
  bool SignedBy(const PublicKey& key) const;
  // Whether it has an entry for that serial number (DER, as IssuerAndSerial has it), whatever the reason.
  bool Lists(ByteView serial) const;

  ByteView issuer() const;                      // the name, DER
  WallTime this_update() const;                 // when it was made
  std::optional<WallTime> next_update() const;  // when a newer one is due
  std::size_t size() const;                     // entries

 private:
  struct Impl;
  explicit RevocationList(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_REVOCATION_LIST_H_
