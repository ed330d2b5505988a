// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_EVIDENCE_CACHE_H_
#define PULLSEAL_GATE_GATE_EVIDENCE_CACHE_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "gate/gate/limits.h"
#include "image/oci/digest.h"
#include "image/oci/reference.h"
#include "image/store/evidence_store.h"
#include "verify/judge/judge.h"

namespace pullseal::gate {

// EvidenceCache keeps what registries gave about images: in memory, and on disk if there is a store. It holds evidence,
// which is judged each time, never verdicts. Thread-safe.
class EvidenceCache {
 public:
  struct Dated {
    judge::SignatureEvidence signature;
    WallTime fetched;  // when the registry last had it
  };
  using Signatures = std::shared_ptr<const std::vector<Dated>>;
  // What is known, and why that may not be all of it.
  struct Known {
    Signatures signatures;  // null if nothing is
    std::optional<Error> trouble;
  };
  struct Due {
    oci::Digest subject;
    oci::Reference repository;
    Signatures signatures;
    bool Has(const judge::SignatureEvidence& signature) const;
  };

  // `store` may be null; evidence older than `max_age` must be refreshed before it allows.
  EvidenceCache(store::EvidenceStore* store, const Clock& clock, std::chrono::milliseconds max_age);

  // What is known about `subject` as `name`, of any age up to limits::kEvidenceLife. Waits for the disk no longer than
  // `patience`; trouble if it does not say what it knows.
  Known Find(const oci::Digest& subject, const oci::Reference& name, std::chrono::milliseconds patience);
  // Adds what was just fetched, and keeps what was known besides.
  void Add(const oci::Digest& subject, const oci::Reference& name,
           const std::vector<judge::SignatureEvidence>& fetched);

  // Those of `signatures` that are young enough to allow; all of them where `stale` is.
  judge::Evidence Select(const Signatures& signatures, const oci::Digest& subject, const oci::Reference& name,
                         bool stale) const;

  // How long all of `signatures` that are young enough now stay so.
  std::chrono::milliseconds TimeLeft(const Signatures& signatures) const;

  // What was used lately and should be fetched again before it gets too old: from half of the maximum age on, each at
  // its own time, at most `most`.
  std::vector<Due> FindDue(std::size_t most);

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
    SteadyTime used;
    SteadyTime tried;      // last refresh
    bool partial = false;  // the store may know more
  };
  static std::string KeyOf(const oci::Digest& subject, const oci::Reference& name);
  Known FromStore(const oci::Digest& subject, const oci::Reference& name, std::chrono::milliseconds patience) const;
  // What is of `old` is kept beside `fetched`, unless it is the same.
  std::vector<Dated> Merge(std::vector<Dated> fetched, const Signatures& old) const;
  void Keep(const oci::Digest& subject, const oci::Reference& name, Signatures signatures, bool partial);
  bool IsKept(WallTime fetched) const;

  store::EvidenceStore* const store_;
  const Clock& clock_;
  const std::chrono::milliseconds max_age_;
  Mutex mutex_;
  LruMap<std::shared_ptr<Entry>> entries_ PULLSEAL_GUARDED_BY(mutex_){limits::kEvidenceBytes};
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_EVIDENCE_CACHE_H_
