// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_TRUST_H_
#define PULLSEAL_VERIFY_NOTARY_TRUST_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/certificate.h"
#include "verify/notary/identity.h"

namespace pullseal::crypto {
class RevocationList;
}

namespace pullseal::notary {

// StoreKind says for what the certificates of a store are trusted ("Trust Store" of the Notary Project's
// specification).
enum class StoreKind {
  kCa,                // signers whose word about time does not count
  kSigningAuthority,  // signers whose word about time does
  kTsa,               // timestamp authorities
};

// Revoked is an entry of a store's own list: one certificate, or all with one key, that is no longer trusted. There is
// no fingerprint of a whole certificate: an ECDSA signature in it has a twin with another one.
struct Revoked {
  std::string spki_sha256;     // of the DER SubjectPublicKeyInfo, lower-case hexadecimal; or else both of the next
  std::string issuer;          // the issuer's name as SignerName writes it
  std::string serial;          // lower-case hexadecimal, without leading zeros
  std::optional<WallTime> at;  // what provably existed before stays good; absent: nothing does
  std::string reason;
};

// The serial number of a certificate as Revoked has it.
std::string SerialText(const crypto::Certificate& certificate);

// TrustStore is a named set of certificates that are trusted. Immutable, cheap to copy, thread-safe.
class TrustStore {
 public:
  // Make takes 1 to limits::kTrustStoreCertificates certificates. Each is an authority's, root or not; in stores for
  // signers it may also be a signer's that is signed by itself. A signer's that somebody else issued is refused: it is
  // in its issuer's hands. `revoked` has at most limits::kRevokedCertificates entries, each with a key or with issuer
  // and serial number, and a reason. kInvalid, kLimit.
  static Result<TrustStore> Make(std::string name, StoreKind kind, std::vector<crypto::Certificate> certificates,
                                 std::vector<Revoked> revoked = {});

  // Whether exactly this certificate is in it, byte for byte.
  bool Holds(const crypto::Certificate& certificate) const;

  const std::string& name() const { return name_; }
  StoreKind kind() const { return kind_; }
  const std::vector<crypto::Certificate>& certificates() const { return certificates_; }
  const std::vector<Revoked>& revoked() const { return revoked_; }

 private:
  TrustStore(std::string name, StoreKind kind, std::vector<crypto::Certificate> certificates,
             std::vector<Revoked> revoked)
      : name_(std::move(name)), kind_(kind), certificates_(std::move(certificates)), revoked_(std::move(revoked)) {}
  std::string name_;
  StoreKind kind_;
  std::vector<crypto::Certificate> certificates_;
  std::vector<Revoked> revoked_;
};

// CheckApart refuses stores of different kinds that share a certificate: its holder would choose for what it is
// trusted, and a signer's own word about time would pass for a timestamp's. kInvalid names both.
Status CheckApart(const std::vector<std::shared_ptr<const TrustStore>>& stores);

// Trust is what a rule asks of a Notary Project signature. Immutable once made; thread-safe.
struct Trust {
  enum class Timestamps {
    kAlways,       // every signature has one
    kAfterExpiry,  // only those whose chain is not valid now
  };
  std::shared_ptr<const TrustStore> store;       // of kind kCa or kSigningAuthority; never null
  std::vector<Identity> identities;              // any of them; nobody's if empty
  std::shared_ptr<const TrustStore> timestamps;  // of kind kTsa; null: the chain has to be valid now
  Timestamps verify = Timestamps::kAlways;
  // Revocation lists of the chains' issuers; null: none are asked for. The stores' own lists count in any case.
  std::shared_ptr<const std::vector<crypto::RevocationList>> lists;
};

// CheckTrust refuses what can never hold or means something else than it says: no store, stores of a wrong kind,
// timestamps beside a signing authority, no identity, more than limits::kNotaryIdentities, two that overlap. kInvalid.
Status CheckTrust(const Trust& trust);

// Text names a kind of store as the policy does.
std::string_view Text(StoreKind kind);

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_TRUST_H_
