// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_GATE_H_
#define PULLSEAL_GATE_GATE_GATE_H_

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/base/single_flight.h"
#include "gate/gate/decision.h"
#include "gate/gate/evidence_cache.h"
#include "gate/gate/limits.h"
#include "image/oci/manifest.h"
#include "image/oci/reference.h"
#include "image/registry/client.h"
#include "image/registry/evidence.h"
#include "policy/model/match.h"
#include "verify/judge/judge.h"

namespace pullseal::gate {

// Question is: may this content run, as this name, for this pod?
struct Question {
  const oci::Reference& name;
  std::optional<std::string> pod_namespace;  // absent: not known
  // The digests of which one must be good: a proven chain from an index to a manifest. Empty for a pull of a tag, which
  // the gate resolves itself.
  std::vector<oci::Digest> candidates;
  credentials::Credentials credentials;
  SteadyTime deadline;
};

// Pull is the gate's answer for a pull: the decision, and what may be pulled if it allows. Without `digest` the
// decision needed none (an exempt image) and the name goes as it is.
struct Pull {
  Decision decision;
  std::optional<oci::Digest> digest;
};

struct Options {
  std::chrono::milliseconds allow_ttl{600'000};
  std::chrono::milliseconds deny_ttl{30'000};
  std::chrono::milliseconds evidence_max_age{86'400'000};
};

// CacheSizes counts what is kept in memory.
struct CacheSizes {
  std::size_t verdicts = 0;
  std::size_t images = 0;  // with evidence
};

// Gate answers questions: rule -> cached verdict -> evidence -> judge. Verdicts are kept in memory by digest, policy
// fingerprint, rule and repository, never by tag; evidence is kept in memory and on disk and judged again;
// could-not-decide is never kept. Concurrent questions about one subject share one search. Thread-safe.
class Gate {
 public:
  // `store` may be null: then nothing outlives the process.
  Gate(registry::Client& registry, const Clock& clock, oci::Platform node, Options options,
       store::EvidenceStore* store = nullptr);

  // Content that is on the node already, or whose digest is known.
  Decision DecideContent(const Snapshot& snapshot, const Question& question);

  // A pull: resolves the name once and decides about that digest; if only the manifest for this node is signed, and the
  // index has exactly one, about that.
  Pull DecidePull(const Snapshot& snapshot, const Question& question);

  // Fetches evidence again that is in use and would soon be too old, without credentials; for a thread in the
  // background. Gives up between two searches once `stopping`. Returns how many were found again.
  int RefreshDue(const std::atomic<bool>& stopping);

  // Forgets all verdicts and evidence, on disk too, or says why the disk could not be emptied.
  Status Flush();
  CacheSizes Sizes();
  // The images whose evidence is known, those used last first, at most `most`.
  Result<std::vector<store::EvidenceStore::Subject>> KnownImages(std::size_t most) { return evidence_.List(most); }

 private:
  struct CachedVerdict {
    judge::Verdict verdict;
    SteadyTime expires;
    std::optional<WallTime> good_until;
  };
  Decision DecideByRules(const Snapshot& snapshot, const Question& question, const policy::Selection& selection);
  Decision DecideByRule(const Snapshot& snapshot, const Question& question, const policy::Rule& rule);
  Decision JudgeSubject(const Snapshot& snapshot, const Question& question, const policy::Rule& rule,
                        const oci::Digest& subject);
  Decision JudgeFresh(const Question& question, const policy::Rule& rule, const oci::Digest& subject,
                      const EvidenceCache::Known& known, const std::string& key);
  // What the disk said too late to be asked before the registry: an allow, or why nothing is decided.
  std::optional<Decision> JudgeLate(const Question& question, const policy::Rule& rule, const oci::Digest& subject,
                                    const EvidenceCache::Known& known, const std::string& key);
  registry::Search FindShared(const Question& question, const oci::Digest& subject,
                              const requirement::Requirement& requirement);
  registry::Search Find(const Question& question, const oci::Digest& subject,
                        const requirement::Requirement& requirement);
  std::optional<Decision> JudgeKnown(const policy::Rule& rule, const Question& question, const oci::Digest& subject,
                                     const EvidenceCache::Signatures& known, const std::string& key);
  // Keeps a verdict; an allow no longer than `at_most`.
  void Remember(const std::string& key, const judge::Verdict& verdict, std::chrono::milliseconds at_most);
  // The one manifest of `index` that fits this node; absent if it is no index, or has none or several. Trouble if the
  // index cannot be read: then nothing is known about its manifests.
  Result<std::optional<oci::Digest>> OnlyManifestForNode(const Question& question, const oci::Digest& index);
  policy::Selection SelectRules(const Snapshot& snapshot, const Question& question) const;

  registry::Client& registry_;
  registry::EvidenceFinder finder_;
  const Clock& clock_;
  const oci::Platform node_;
  const Options options_;
  EvidenceCache evidence_;
  Mutex mutex_;
  LruMap<CachedVerdict> verdicts_ PULLSEAL_GUARDED_BY(mutex_){limits::kVerdicts};
  SingleFlight<registry::Search> searches_;
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_GATE_H_
