// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_REQUIREMENT_AUTHORITY_H_
#define PULLSEAL_VERIFY_REQUIREMENT_AUTHORITY_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/public_key.h"
#include "verify/requirement/subject_pattern.h"
#include "verify/sigstore/demands.h"

namespace pullseal::sigstore {
class TrustedMaterial;
}
namespace pullseal::notary {
class Identity;
struct Trust;
class TrustStore;
}  // namespace pullseal::notary

// Who may sign. An authority exists only if it is safe to ask for: each is made by a function that refuses what would
// let anybody sign, or by one whose name says Unsafe.
namespace pullseal::requirement {

struct Revocation {
  WallTime at;
  std::string reason;
};

// KeyUse says when a key may be used, what may prove when it was, and what else its signatures need. Default-made:
// always, nothing proves a time, and the signature is enough.
struct KeyUse {
  std::optional<WallTime> not_before;  // the first good moment
  std::optional<WallTime> not_after;   // the last one
  std::optional<Revocation> revoked;
  // Whose logs and timestamps may prove the time of its signatures; null: nobody's.
  std::shared_ptr<const sigstore::TrustedMaterial> trusted;
  bool needs_log = false;        // an entry in one of its logs
  bool needs_timestamp = false;  // a timestamp by one of its authorities (RFC 3161)
};

// Key is a public key that may sign. Immutable; thread-safe.
class Key {
 public:
  // Make refuses (kInvalid) a key without a name and a use that can never be good: a window that ends before it begins,
  // or a log or timestamp that is needed while nobody's is believed.
  static Result<Key> Make(std::string name, crypto::PublicKey key, KeyUse use = {});

  // What makes it this authority and no other: the key itself, whatever it is called.
  const std::string& id() const { return id_; }
  const std::string& name() const { return name_; }
  const crypto::PublicKey& key() const { return key_; }
  const KeyUse& use() const { return use_; }

 private:
  Key(std::string id, std::string name, crypto::PublicKey key, KeyUse use)
      : id_(std::move(id)), name_(std::move(name)), key_(std::move(key)), use_(std::move(use)) {}
  std::string id_;
  std::string name_;
  crypto::PublicKey key_;
  KeyUse use_;
};

// TrustRoot is a Sigstore trusted root under the name that authorities call it by.
struct TrustRoot {
  std::string name;
  std::shared_ptr<const sigstore::TrustedMaterial> trusted;
};

// Identity is what a certificate must say of its holder. Default-made it names nobody.
struct Identity {
  std::string issuer;                             // of the token, exact
  std::string subject;                            // exact
  std::optional<SubjectPattern> subject_pattern;  // in place of a subject
  std::map<std::string, std::string> extensions;  // by CertificateIdentity's names; each must be there and equal
};

// Keyless is an identity that may sign with short-lived certificates of a trust root's authorities. Immutable;
// thread-safe.
class Keyless {
 public:
  // Make refuses (kInvalid) an identity that does not name issuer and subject, since anybody with an account could
  // sign; subject and pattern together; extensions that no certificate has; and a trust root without material.
  static Result<Keyless> Make(TrustRoot trust_root, Identity identity, sigstore::Demands demands = {});
  // MakeUnsafe takes an identity that leaves out issuer or subject: then anybody's will do.
  static Result<Keyless> MakeUnsafe(TrustRoot trust_root, Identity identity, sigstore::Demands demands = {});

  // What makes it this authority and no other: everything that it asks.
  const std::string& id() const { return id_; }
  const std::string& root_name() const { return trust_root_.name; }
  const sigstore::TrustedMaterial& trusted() const { return *trust_root_.trusted; }
  const Identity& identity() const { return identity_; }
  const sigstore::Demands& demands() const { return demands_; }

 private:
  Keyless(TrustRoot trust_root, Identity identity, sigstore::Demands demands);
  std::string id_;
  TrustRoot trust_root_;
  Identity identity_;
  sigstore::Demands demands_;
};

// Notary is who may sign with a certificate in the Notary Project's form: identities below a trust store. Immutable;
// thread-safe.
class Notary {
 public:
  // Make refuses (kInvalid, kLimit) what notary::CheckTrust does. An identity that many have says so where it is made.
  static Result<Notary> Make(notary::Trust trust);

  // What makes it this authority and no other: everything that it asks.
  const std::string& id() const { return id_; }
  const notary::Trust& trust() const { return *trust_; }

 private:
  explicit Notary(std::shared_ptr<const notary::Trust> trust);
  std::string id_;
  std::shared_ptr<const notary::Trust> trust_;
};

// Holder is one who may sign with a certificate of an own PKI, by exactly one of these. Default-made it is nobody.
struct Holder {
  std::shared_ptr<const notary::Identity> subject;  // the certificate's subject, see notary::Identity
  std::string email, hostname, uri;                 // an alternative name of that kind, exact
};

// CertificateHolders are who may sign as cosign does with certificates of one's own, without Fulcio: certificate and
// chain beside a simple signature, or in a bundle. Immutable; thread-safe.
class CertificateHolders {
 public:
  struct Asked {
    std::shared_ptr<const notary::TrustStore> roots;  // of kind ca
    std::vector<Holder> holders;                      // any of them
    // Whose logs and timestamps may prove when a signature was made; null: every certificate must be valid now.
    std::shared_ptr<const sigstore::TrustedMaterial> times;
    bool needs_time = false;  // a signature whose time nothing proves does not count
  };
  // Make refuses (kInvalid) roots of another kind or none, holders that are nobody or more than one thing, and a time
  // that nothing could prove; kLimit for more than limits::kHolders.
  static Result<CertificateHolders> Make(Asked asked);

  // What makes it this authority and no other: everything that it asks.
  const std::string& id() const { return id_; }
  const Asked& asked() const { return asked_; }

 private:
  explicit CertificateHolders(Asked asked);
  std::string id_;
  Asked asked_;
};

// Authority is whoever may sign, of any kind. Each kind has an id(); the judge has for each form of signature a
// function that says which of these made it (verify/judge/authority.h).
using Authority = std::variant<Key, Keyless, Notary, CertificateHolders>;

const std::string& IdOf(const Authority& authority);

}  // namespace pullseal::requirement

#endif  // PULLSEAL_VERIFY_REQUIREMENT_AUTHORITY_H_
