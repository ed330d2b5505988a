// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_CHECKPOINT_H_
#define PULLSEAL_VERIFY_SIGSTORE_CHECKPOINT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/public_key.h"

namespace pullseal::sigstore {

// Checkpoint is a log's signed word about its tree (C2SP tlog-checkpoint), as a signed note (C2SP signed-note).
// Well formed if it exists; no signature of it is verified.
struct Checkpoint {
  struct Signature {
    std::string name;
    Bytes hint;  // 4 bytes that tell which key it is by; no proof
    Bytes signature;
  };

  // Parse reads the note: origin, size in decimal, base64 root hash of 32 bytes, further lines; a blank line; signature
  // lines "\u2014 name base64". At most limits::kCheckpointBytes and kCheckpointLines. kInvalid or kLimit.
  static Result<Checkpoint> Parse(std::string_view note);

  // SignedBy says whether one of the signatures is by `name` with `hint` and verifies with `key` over the note's text:
  // ECDSA and RSA over SHA-256, Ed25519 pure. Signatures by others, such as witnesses, do not matter.
  bool SignedBy(std::string_view name, ByteView hint, const crypto::PublicKey& key) const;

  std::string origin;
  std::int64_t size = 0;
  Bytes root_hash;
  std::string text;  // what is signed: the note up to the blank line, its last line break included
  std::vector<Signature> signatures;
};

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_CHECKPOINT_H_
