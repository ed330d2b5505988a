// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_STORE_EVIDENCE_STORE_H_
#define PULLSEAL_IMAGE_STORE_EVIDENCE_STORE_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "image/oci/digest.h"
#include "image/oci/limits.h"
#include "image/oci/signature_evidence.h"
#include "image/store/limits.h"

namespace pullseal::store {

// EvidenceStore keeps signatures across restarts, by the image they were found for. It gives them back as evidence,
// never as a verdict: their bytes have the digest `blob`, and nothing else about them is to be believed before it is
// judged. Nothing ends by its age. Whatever happens to it costs a fetch or a refusal, never a wrong answer and never
// more time than a caller gives. Trouble is told apart from "not known": kTimeout if the answer was not there in time,
// kUnavailable if the file is locked, full or cannot be opened. Thread-safe.
class EvidenceStore {
 public:
  struct Subject {
    std::string digest;
    std::string repository;  // match name
    std::size_t signatures = 0;
    WallTime fetched{};  // of its newest signature
  };

  virtual ~EvidenceStore() = default;

  // What is known about `subject` in `repository`, at most limits::kSignatures; empty if that is nothing for certain.
  // Waits for it no longer than `patience`.
  virtual Result<std::vector<oci::SignatureEvidence>> Find(const oci::Digest& subject, const std::string& repository,
                                                           std::chrono::milliseconds patience) = 0;
  // Adds to what is known, as Merge does; `user` is the namespace whose share it counts for. Returns at once; what
  // cannot be written is lost.
  virtual void Add(const oci::Digest& subject, const std::string& repository, const std::string& user,
                   std::vector<oci::SignatureEvidence> signatures) = 0;
  // Adds signatures that nobody asked for yet, behind what is known and at most limits::kSpareBytes of one image. They
  // have a share of their own, the first one to be taken from. Returns at once; what cannot be written is lost.
  virtual void AddSpare(const oci::Digest& subject, const std::string& repository, const std::string& user,
                        std::vector<oci::SignatureEvidence> signatures) = 0;
  // Notes that the namespace `user` uses what is known: it is kept as long as any of its users is within its share.
  // Returns at once; what cannot be written is lost.
  virtual void NoteUse(const oci::Digest& subject, const std::string& repository, const std::string& user) = 0;
  // The subjects used last, at most `most`; for operators, who wait up to limits::kStoreAdminTime.
  virtual Result<std::vector<Subject>> List(std::size_t most) = 0;
  // Forgets everything, or says why that cannot be done now.
  virtual Status Flush() = 0;
};

// What one signature takes, in bytes.
std::size_t SizeOf(const oci::SignatureEvidence& signature);

// Merge adds `known` behind `signatures` but for those that are the same, up to limits::kSignatures and `most` bytes in
// all: what stands in front stays, so whoever adds puts what it just needed in front.
void Merge(std::vector<oci::SignatureEvidence>& signatures, std::vector<oci::SignatureEvidence> known,
           std::size_t most = limits::kSubjectBytes);

// OpenSqliteStore keeps evidence in the SQLite database at `path`, at most `most_bytes` of it. What is over that is
// taken from namespaces that use more than an equal share, those of the largest first, what was used least recently
// first. All work is done on one thread of its own. A file of an older version is migrated in place; one of a newer
// version is renamed to `path`.vN and taken up again by a program of that version; one that is no database of ours is
// renamed to `path`.aside and begun anew; one that is locked or cannot be written is tried again.
std::unique_ptr<EvidenceStore> OpenSqliteStore(const std::string& path, std::size_t most_bytes, const Clock& clock);

}  // namespace pullseal::store

#endif  // PULLSEAL_IMAGE_STORE_EVIDENCE_STORE_H_
