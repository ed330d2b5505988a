// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_EVIDENCE_CACHE_H_
#define PULLSEAL_GATE_GATE_EVIDENCE_CACHE_H_

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "gate/gate/limits.h"
#include "image/oci/digest.h"
#include "image/oci/reference.h"
#include "image/oci/signature_evidence.h"
#include "image/store/evidence_store.h"
#include "image/store/limits.h"

namespace pullseal::gate {

// EvidenceCache keeps what registries gave about images: in memory, and on disk if there is a store. It holds evidence,
// which is judged each time, never verdicts; none of it ends by its age. Thread-safe.
class EvidenceCache {
 public:
  using Signatures = std::shared_ptr<const std::vector<oci::SignatureEvidence>>;
  // What is known, and why that may not be all of it.
  struct Known {
    Signatures signatures;  // null if nothing is
    std::optional<Error> trouble;
  };

  // `store` may be null. What is kept there stands under the repository's name and `kind`, so that evidence of several
  // kinds about one image has shares and bounds of its own.
  explicit EvidenceCache(store::EvidenceStore* store, std::string kind = {}) : store_(store), kind_(std::move(kind)) {}

  // What is known about `subject` as `name`. Waits for the disk no longer than `patience`; trouble if it does not say
  // what it knows. `user` is the namespace that asks, whose share of the disk it counts for.
  Known Find(const oci::Digest& subject, const oci::Reference& name, const std::string& user,
             std::chrono::milliseconds patience);
  // Adds what was just fetched to what is known; of one image at most limits::kSubjectBytes are kept.
  void Add(const oci::Digest& subject, const oci::Reference& name, const std::string& user,
           const std::vector<oci::SignatureEvidence>& fetched);
  // Adds what nobody asked for yet, behind what is known, within a share of its own.
  void AddSpare(const oci::Digest& subject, const oci::Reference& name, const std::string& user,
                const std::vector<oci::SignatureEvidence>& fetched);

  // Forgets everything, or says why the store could not.
  Status Flush();
  std::size_t size();
  // What is known, in memory and in the store, the images used last first.
  Result<std::vector<store::EvidenceStore::Subject>> List(std::size_t most);

 private:
  struct Entry {
    oci::Digest subject;
    oci::Reference name;
    Signatures signatures;
    bool partial = false;         // the store may know more
    std::set<std::string> users;  // namespaces the store knows of
  };
  static std::string KeyOf(const oci::Digest& subject, const oci::Reference& name);
  std::string StoredName(const oci::Reference& name) const { return name.MatchName() + kind_; }
  void Keep(const oci::Digest& subject, const oci::Reference& name, const std::string& user, Signatures signatures,
            bool partial);
  // The entry's signatures, if all that is known is in memory; notes for the store who uses them.
  Known FromMemory(const oci::Digest& subject, const oci::Reference& name, const std::string& user, bool& partial);

  store::EvidenceStore* const store_;
  const std::string kind_;
  Mutex mutex_;
  LruMap<std::shared_ptr<Entry>> entries_ PULLSEAL_GUARDED_BY(mutex_){limits::kEvidenceBytes};
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_EVIDENCE_CACHE_H_
