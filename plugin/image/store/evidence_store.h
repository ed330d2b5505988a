// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_STORE_EVIDENCE_STORE_H_
#define PULLSEAL_IMAGE_STORE_EVIDENCE_STORE_H_

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "image/oci/digest.h"

namespace pullseal::store {

// StoredSignature is one signature as it was found in a registry. The store gives it back as evidence, never as a
// verdict: its bytes have the digest `blob`, and nothing else about it is to be believed before it is judged.
struct StoredSignature {
  oci::Digest blob;
  std::string media_type;
  Bytes bytes;
  std::map<std::string, std::string> annotations;
  WallTime fetched;  // when the registry last had it
};

// EvidenceStore keeps signatures across restarts, by the image they were found for. Whatever happens to it costs a
// fetch or a refusal, never a wrong answer and never more time than a caller gives. Trouble is told apart from "not
// known": kTimeout if the answer was not there in time, kUnavailable if the file is locked, full or cannot be opened.
// Thread-safe.
class EvidenceStore {
 public:
  struct Subject {
    std::string digest;
    std::string repository;  // match name
    std::size_t signatures = 0;
    WallTime fetched;  // of its newest signature
  };

  virtual ~EvidenceStore() = default;

  // What is known about `subject` in `repository`, at most limits::kSignatures; empty if that is nothing for certain.
  // Waits for it no longer than `patience`.
  virtual Result<std::vector<StoredSignature>> Find(const oci::Digest& subject, const std::string& repository,
                                                    std::chrono::milliseconds patience) = 0;
  // Replaces what is known. Returns at once; what cannot be written is lost.
  virtual void Put(const oci::Digest& subject, const std::string& repository,
                   std::vector<StoredSignature> signatures) = 0;
  // The subjects used last, at most `most`; for operators, who wait up to limits::kStoreAdminTime.
  virtual Result<std::vector<Subject>> List(std::size_t most) = 0;
  // Forgets everything, or says why that cannot be done now.
  virtual Status Flush() = 0;
};

// OpenSqliteStore keeps evidence in the SQLite database at `path`, at most `most_bytes` of it, forgetting what was used
// least recently. All work is done on one thread of its own. A file that is not a database of this version is renamed
// to `path`.aside and begun anew; one that is locked or cannot be written is tried again.
std::unique_ptr<EvidenceStore> OpenSqliteStore(const std::string& path, std::size_t most_bytes, const Clock& clock);

}  // namespace pullseal::store

#endif  // PULLSEAL_IMAGE_STORE_EVIDENCE_STORE_H_
