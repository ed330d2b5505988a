// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_SIGNED_MATERIAL_H_
#define PULLSEAL_VERIFY_SIGSTORE_SIGNED_MATERIAL_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/certificate.h"
#include "core/crypto/hash.h"
#include "verify/sigstore/bundle.h"

namespace pullseal::sigstore {

// SignedMaterial is one signature with all that came to verify it, from a bundle or from annotations, in a common form.
// Nothing in it is verified.
struct SignedMaterial {
  enum class Container {
    kMessage,         // the signature is over bytes as they are
    kEnvelope,        // over a DSSE envelope, in a bundle
    kLegacyEnvelope,  // over a DSSE envelope that is a layer: entries and timestamps are about the whole layer
  };

  // FromBundle takes what a bundle holds, but the message that a message signature is over: that is set apart, with
  // `message` or `message_digest`. A bundle whose certificates hold a self-issued one is refused: no bundle may bring
  // its own root. kInvalid.
  static Result<SignedMaterial> FromBundle(const Bundle& bundle);

  // TakeAnnotations adds certificate, log entry and timestamp of a legacy layer. What is there but malformed is an
  // error, never taken as absent (CVE-2022-36056). The chain beside the certificate is read but never trusted.
  // kInvalid.
  Status TakeAnnotations(const std::map<std::string, std::string>& annotations);

  // The digest of the signed bytes; kInvalid if only another one is known.
  Result<Bytes> MessageDigest(crypto::Hash hash) const;

  Container container = Container::kMessage;
  bool is_bundle = false;        // then signers choose the hash by Sigstore's registry of algorithms
  std::optional<Bytes> message;  // the signed bytes; for envelopes their pre-authentication encoding
  std::optional<std::pair<crypto::Hash, Bytes>> message_digest;  // where the bytes are not known
  Bytes signature;
  Bytes payload;                                   // of an envelope
  Bytes envelope;                                  // the layer, for kLegacyEnvelope
  std::optional<crypto::Certificate> certificate;  // absent for signatures by a key
  std::vector<LogEntry> log_entries;
  std::vector<Bytes> timestamps;
};

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_SIGNED_MATERIAL_H_
