// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_SIGNED_MATERIAL_H_
#define PULLSEAL_VERIFY_SIGSTORE_SIGNED_MATERIAL_H_

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/certificate.h"
#include "core/crypto/hash.h"
#include "core/crypto/public_key.h"
#include "verify/sigstore/bundle.h"

namespace pullseal::sigstore {

// SignedMaterial is one signature with all that came to verify it, from a bundle or from annotations, in a common form.
// Nothing in it is verified.
struct SignedMaterial {
  // What the signature is over, by the form it came in. The form says which hash goes with a key: a bare message of
  // cosign is hashed by SHA-256 always, the others by Sigstore's registry of algorithms (architecture-docs,
  // algorithm-registry.md).
  struct Message {  // bytes as they are: the layer of a simple signature
    Bytes bytes;
  };
  struct BundledMessage {  // an artifact that a bundle is about; neither is set before it is bound to one (Bind)
    std::optional<Bytes> bytes;
    std::optional<Bytes> sha256;  // where the bytes are not known
  };
  struct BundledEnvelope {  // a DSSE envelope in a bundle
    Bytes signed_bytes;     // its pre-authentication encoding
    Bytes payload;
  };
  struct LayerEnvelope {  // a DSSE envelope that is a layer; log entries and timestamps are about the whole layer
    Bytes signed_bytes;
    Bytes payload;
    Bytes layer;
  };
  using Form = std::variant<Message, BundledMessage, BundledEnvelope, LayerEnvelope>;

  // FromBundle takes what a bundle holds, but the message that a message signature is over: that is bound apart. A
  // bundle whose certificates hold a self-issued one is refused: no bundle may bring its own root. kInvalid.
  static Result<SignedMaterial> FromBundle(const Bundle& bundle);

  // TakeAnnotations adds certificate, log entry and timestamp of a legacy layer. What is there but malformed is an
  // error, never taken as absent (CVE-2022-36056). The chain beside the certificate is never trusted.
  // kInvalid.
  Status TakeAnnotations(const std::map<std::string, std::string>& annotations);

  // The digest of the signed bytes; kInvalid if only another one is known.
  Result<Bytes> MessageDigest(crypto::Hash hash) const;
  // Whether `key` made the signature over the signed bytes; false too where these are not known.
  bool SignedBy(const crypto::PublicKey& key) const;
  // The hash under which `key` made it, whatever the policy names, for people (PublicKey::HashThatFits).
  std::optional<crypto::Hash> HashBy(const crypto::PublicKey& key) const;

  bool IsBundle() const;
  // Of the envelope; null for messages.
  const Bytes* payload() const;
  // The whole layer, for LayerEnvelope; else null.
  const Bytes* layer() const;

  Form form;
  Bytes signature;
  std::optional<crypto::Certificate> certificate;  // absent for signatures by a key
  std::vector<crypto::Certificate> chain;          // what came beside it: material for a path, trusted by nobody
  std::vector<LogEntry> log_entries;
  std::vector<Bytes> timestamps;
};

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_SIGNED_MATERIAL_H_
