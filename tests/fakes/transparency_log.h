// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_TRANSPARENCY_LOG_H_
#define PULLSEAL_FAKES_TRANSPARENCY_LOG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "fakes/test_authority.h"

namespace pullseal::fakes {

// Entry is a log entry as bundles carry it, open to change.
struct Entry {
  std::string ToJson() const;              // of a bundle
  std::string ToLegacyAnnotation() const;  // of cosign's "bundle" annotation

  std::int64_t log_index = 0;
  Bytes log_id;
  std::string kind;
  std::string version;
  std::int64_t integrated_time = 0;
  Bytes promise;  // signed entry timestamp; empty: none
  bool has_proof = false;
  std::int64_t proof_index = 0;
  std::int64_t tree_size = 0;
  Bytes root_hash;
  std::vector<Bytes> hashes;
  std::string checkpoint;
  std::string body;
};

// TransparencyLog is a log with a real Merkle tree, of Rekor version 1 or 2.
class TransparencyLog {
 public:
  TransparencyLog(int version, std::string host, const std::string& curve);

  // Logs `body` at `time` among others, and gives back what a client gets.
  Entry Add(const std::string& body, const std::string& kind, const std::string& kind_version, WallTime time) const;

  // The pieces, for entries that are wrong in one of them.
  void SignPromise(Entry& entry) const;
  std::string SignCheckpoint(const std::string& text) const;  // appends the blank line and the signature
  std::string SignatureLine(const std::string& text) const;
  std::string CheckpointText(const Entry& entry) const;

  const std::string& host() const { return host_; }
  const Bytes& id() const { return id_; }
  const TestAuthority& key() const { return key_; }
  // As in a trusted root; `end` empty: none.
  std::string TrustedRootPart(const std::string& start, const std::string& end) const;

 private:
  int version_;
  std::string host_;
  std::string curve_;
  TestAuthority key_;
  Bytes id_;
};

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_TRANSPARENCY_LOG_H_
