// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/log_entry.h"

#include <string>

#include "verify/sigstore/checkpoint.h"
#include "verify/sigstore/entry_body.h"
#include "verify/sigstore/merkle.h"

namespace pullseal::sigstore {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "log entry: " + std::move(message)}; }

// The log's promise: ECDSA over {"body", "integratedTime", "logID", "logIndex"} in this order, without white space.
Status VerifyPromise(const LogEntry& entry, const TrustedMaterial::Log& log) {
  const std::string text = "{\"body\":\"" + Base64Encode(entry.body) +
                           "\",\"integratedTime\":" + std::to_string(entry.integrated_time) + ",\"logID\":\"" +
                           HexEncode(entry.log_id) + "\",\"logIndex\":" + std::to_string(entry.log_index) + "}";
  if (!log.key.VerifyWith(crypto::Hash::kSha256, AsBytes(text), entry.signed_entry_timestamp)) {
    return Invalid("its signed entry timestamp is not the log's");
  }
  // Years that WallTime can hold.
  if (entry.integrated_time <= 0 || entry.integrated_time > 9'000'000'000) return Invalid("its time cannot be");
  if (!log.validity.Contains(WallTime{} + std::chrono::seconds(entry.integrated_time))) {
    return Invalid("its time is outside the validity of the log's key");
  }
  return {};
}

// Rekor v1 writes "host - tree" as origin and signs as the host; Rekor v2 writes and signs as the log's own name.
Status VerifyCheckpoint(const Checkpoint& checkpoint, const TrustedMaterial::Log& log, bool is_v2) {
  const auto separator = checkpoint.origin.find(" - ");
  const std::string name = is_v2 ? checkpoint.origin : checkpoint.origin.substr(0, separator);
  if (is_v2 && name != log.host) return Invalid("its checkpoint is of another log");
  if (!checkpoint.SignedBy(name, log.checkpoint_hint, log.key))
    return Invalid("its checkpoint is not signed by the log");
  return {};
}

Status VerifyInclusion(const LogEntry& entry, const TrustedMaterial::Log& log, bool is_v2) {
  const InclusionProof& proof = *entry.proof;
  const auto checkpoint = Checkpoint::Parse(proof.checkpoint);
  if (!checkpoint) return checkpoint.error().In("log entry");
  if (auto s = VerifyCheckpoint(*checkpoint, log, is_v2); !s) return s;
  if (is_v2 && entry.log_index != proof.log_index) return Invalid("it has two indexes");
  const auto root = RootOfInclusion(entry.body, proof.log_index, proof.tree_size, proof.hashes);
  if (!root) return Invalid(root.error().message);
  if (checkpoint->size != proof.tree_size || *root != proof.root_hash || *root != checkpoint->root_hash) {
    return Invalid("its inclusion proof does not lead to the checkpoint");
  }
  return {};
}

}  // namespace

Status VerifyLogEntry(const LogEntry& entry, const TrustedMaterial::Log& log, const SignedMaterial& material,
                      const crypto::PublicKey& key) {
  const auto body = EntryBody::Parse(entry.body);
  if (!body) return body.error();
  // Annotations of legacy layers tell no kind beside the body.
  const bool same_kind = entry.kind.empty() || (entry.kind == body->kind_text && entry.version == body->version);
  if (!same_kind) return Invalid("is of another kind than the bundle says");
  if (auto s = body->IsAbout(material, key); !s) return s;
  const bool is_v2 = body->kind == EntryBody::Kind::kHashedRekordV2;
  const bool has_promise = !entry.signed_entry_timestamp.empty();
  if (has_promise) {
    if (auto s = VerifyPromise(entry, log); !s) return s;
  }
  if (entry.proof) return VerifyInclusion(entry, log, is_v2);
  if (!has_promise || is_v2) return Invalid("neither promise nor proof shows that it is in the log");
  return {};
}

}  // namespace pullseal::sigstore
