// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CRYPTO_ISSUER_CHAIN_H_
#define PULLSEAL_CORE_CRYPTO_ISSUER_CHAIN_H_

#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/certificate.h"

namespace pullseal::crypto {

// Extended key usages that chains are made for.
inline constexpr char kCodeSigning[] = "1.3.6.1.5.5.7.3.3";
inline constexpr char kTimeStamping[] = "1.3.6.1.5.5.7.3.8";

// IssuerChain is a certificate authority that is trusted: its issuing certificate first, its anchor last, each signed
// by the next. The signatures among them are verified once, when it is made, so that a leaf costs one verification.
// Validity in time is asked apart, since it depends on when a leaf was used. Immutable, cheap to copy, thread-safe.
class IssuerChain {
 public:
  // Make checks the chain as RFC 5280 section 6 does, but for time: signatures, names, basicConstraints with path
  // length, keyCertSign, critical extensions, name constraints; and that each certificate which has extended key usages
  // has `usage` or anyExtendedKeyUsage among them; with a null `usage` that is the caller's to ask. The anchor is
  // trusted as it is, root or intermediate. At least one certificate, at most limits::kCertificates. kInvalid says what
  // is wrong.
  static Result<IssuerChain> Make(std::vector<Certificate> chain, const char* usage);

  // Issued checks that the issuing certificate signed `leaf` and that RFC 5280 lets it: name, signature, critical
  // extensions, name constraints of the whole chain. Not the time, not what the leaf may be used for.
  Status Issued(const Certificate& leaf) const;

  // Whether every certificate of the chain is valid at `time` (the hybrid model: none may have expired when the leaf
  // was used).
  bool ValidAt(WallTime time) const;

  const Certificate& issuer() const;
  const std::vector<Certificate>& certificates() const;

 private:
  struct Impl;
  explicit IssuerChain(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace pullseal::crypto

#endif  // PULLSEAL_CORE_CRYPTO_ISSUER_CHAIN_H_
