// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_VERIFY_H_
#define PULLSEAL_VERIFY_NOTARY_VERIFY_H_

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "verify/notary/countersignature.h"
#include "verify/notary/envelope.h"
#include "verify/notary/payload.h"
#include "verify/notary/signing_chain.h"
#include "verify/notary/trust.h"

namespace pullseal::notary {

// Flaw is what kept a signature from counting, in the order in which it is looked for.
enum class Flaw {
  kMalformed,           // envelope or payload is not what the specification says
  kSignature,           // the certificate's key did not make it, or not with the algorithm that belongs to the key
  kCertificateInvalid,  // no chain by the rules, none that is trusted, or trusted for another scheme
  kAttributeUnknown,    // a critical attribute, or a plugin, that nobody here processes
  kIdentity,            // a trusted signer, but none of those that are asked for
  kExpired,             // its own expiry has passed
  kTimeMissing,         // it has no timestamp, and needs one
  kTimestampInvalid,    // its timestamp does not hold
  kTimeOutside,         // it was made outside its certificates' validity
  kCertificateExpired,  // its certificates are not valid now, and nothing proves when it was made
  kRevoked,             // a certificate of it or of its timestamp is revoked
};

// Fault is a flaw and what to tell people about it.
struct Fault {
  Flaw flaw = Flaw::kMalformed;
  std::string detail;
};

// SignedPayload is a signature that is whole: its envelope is well formed, the key of its first certificate made it
// with the algorithm that belongs to that key, its certificates are a chain by the rules, and no critical attribute is
// unknown
// ("integrity" of the trust policy specification). Who that is, and whether anybody trusts them, is not said.
// Immutable; thread-safe.
struct SignedPayload {
  // Open reads and verifies `bytes`. It costs one verification for the signature and one for each certificate.
  static std::variant<SignedPayload, Fault> Open(std::string_view media_type, ByteView bytes);
  // The same for an envelope that was read already.
  static std::variant<SignedPayload, Fault> Open(Envelope envelope);

  Envelope envelope;
  Payload payload;
  SigningChain chain;
};

// Proof is what a signature that counts proves.
struct Proof {
  std::string signer;                      // the subject of its certificate, see SignerName
  std::string store;                       // the trust store that answers for it
  std::optional<ProvenInterval> existed;   // by a timestamp
  std::optional<WallTime> authentic_time;  // by a signing authority's own word
  // The first moment at which it could stop to count: its expiry, and where nothing proves its time the end of a
  // certificate.
  std::optional<WallTime> good_until;
};

// Verify asks whether a signature counts for `trust` at `now`, in this order ("Signature Verification" of the Notary
// Project's trust policy specification):
//   1. authenticity: a certificate of the chain is in the store, whose kind fits the scheme;
//   2. identity: the signer's certificate fits one of the identities;
//   3. expiry: `now` lies before it;
//   4. time. Under notary.x509, with timestamps demanded (always, or after expiry when a certificate is not valid now),
//      the token holds and its whole interval lies in every certificate's validity, wherever `now` is; else every
//      certificate is valid now, and the token is not looked at. The envelope's own signing time decides nothing. Under
//      notary.x509.signingAuthority its authentic time lies in every certificate's validity, and not in the future.
//   5. revocation: nothing revokes a certificate of it or of its timestamp, see WhyRevoked.
// What was signed is the caller's to compare. `trust` has passed CheckTrust. Thread-safe.
std::variant<Proof, Fault> Verify(const SignedPayload& signature, const Trust& trust, WallTime now);

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_VERIFY_H_
