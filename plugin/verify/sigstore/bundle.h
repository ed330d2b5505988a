// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_BUNDLE_H_
#define PULLSEAL_VERIFY_SIGSTORE_BUNDLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/json/value.h"
#include "verify/signature/dsse.h"

namespace pullseal::sigstore {

// InclusionProof is a claim that a log entry is in a log (RFC 6962 section 2.1.1), with the checkpoint that commits to
// its root.
struct InclusionProof {
  std::int64_t log_index = 0;
  std::int64_t tree_size = 0;
  Bytes root_hash;
  std::vector<Bytes> hashes;
  std::string checkpoint;
};

// LogEntry is a transparency log's entry as a bundle carries it, not verified.
struct LogEntry {
  static Result<LogEntry> Parse(const json::Value& value);

  std::int64_t log_index = 0;
  Bytes log_id;
  std::string kind;
  std::string version;
  std::int64_t integrated_time = 0;  // seconds since 1970; 0 where the log gives none
  Bytes signed_entry_timestamp;      // empty if absent
  std::optional<InclusionProof> proof;
  Bytes body;
};

// Bundle is a Sigstore bundle (sigstore/protobuf-specs, sigstore_bundle.proto) of version 0.1, 0.2 or 0.3: one
// signature with what is needed to verify it. Well formed if it exists, and nothing more: nothing in it is verified.
struct Bundle {
  enum class Version { kV01, kV02, kV03 };
  struct PublicKeyHint {
    std::string hint;  // names a key to those who know it; never a reason to trust one
  };
  struct Certificates {
    std::vector<Bytes> der;  // the leaf first
  };
  struct MessageSignature {
    std::string digest_algorithm;  // "SHA2_256"; what the signer says it hashed, no proof
    Bytes digest;
    Bytes signature;
  };

  // Parse reads the JSON of a bundle, at most limits::kBundleBytes: strict names (no second spelling), canonical
  // base64, lists bounded as in limits.h. Version rules: 0.1 needs a signed entry timestamp in each entry, 0.2 and 0.3
  // an inclusion proof with a checkpoint; 0.3 has a single certificate. kInvalid or kLimit.
  static Result<Bundle> Parse(ByteView bytes);

  Version version = Version::kV03;
  std::variant<PublicKeyHint, Certificates> material;
  std::vector<LogEntry> log_entries;
  std::vector<Bytes> timestamps;  // RFC 3161 TimeStampResp, DER
  std::variant<MessageSignature, signature::DsseEnvelope> content;
};

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_BUNDLE_H_
