// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_SUBJECT_JUDGE_H_
#define PULLSEAL_GATE_GATE_SUBJECT_JUDGE_H_

#include <chrono>
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
#include "gate/gate/options.h"
#include "gate/gate/question.h"
#include "image/registry/evidence.h"
#include "verify/judge/judge.h"

namespace pullseal::policy {
class Rule;
}

namespace pullseal::gate {

// SubjectJudge decides whether one digest satisfies one rule that asks for signatures: cached verdict -> known evidence
// -> evidence from the registry, judged one by one as it is found. Verdicts are kept in memory by digest, policy
// fingerprint, rule and repository, never by tag, denials also by credentials; could-not-decide is never kept.
// Concurrent questions about one subject with the same credentials share one search. Thread-safe.
class SubjectJudge {
 public:
  SubjectJudge(registry::Client& registry, const Clock& clock, Options options, store::EvidenceStore* store);

  Decision Decide(const Snapshot& snapshot, const Question& question, const policy::Rule& rule,
                  const oci::Digest& subject);

  // Searches every place to its end and keeps what any rule of `snapshot` could need; with `all` beside it the small
  // signatures that anybody made, within a share of their own. How many; trouble if some place could not be searched.
  Result<std::size_t> Gather(const Snapshot& snapshot, const Question& question, const oci::Digest& subject, bool all);

  EvidenceCache& evidence() { return evidence_; }
  void ForgetVerdicts();
  std::size_t verdicts();

 private:
  struct CachedVerdict {
    judge::Verdict verdict;
    SteadyTime expires;
    std::optional<WallTime> good_until;
  };
  // What one search brought, shared by those who asked for it at the same time. The search holds the room in memory.
  struct Found {
    std::optional<registry::Search> search;
    std::vector<oci::SignatureEvidence> signatures;
    std::optional<Error> trouble;
    bool complete = false;  // nothing was left out because enough had been found
  };
  using FoundPtr = std::shared_ptr<const Found>;
  // One question with what every step needs.
  struct Case {
    const Snapshot& snapshot;
    const Question& question;
    const policy::Rule& rule;
    const oci::Digest& subject;
    std::string user;
    std::string key;         // of an allow
    std::string denied_key;  // of a denial: by the credentials it was found with
  };

  std::optional<Decision> FindVerdict(const Case& one, const std::string& key);
  std::optional<Decision> JudgeKnown(const Case& one, const EvidenceCache::Known& known);
  std::optional<Decision> JudgeLate(const Case& one, const EvidenceCache::Known& known);
  bool IsDue(const Question& question, const EvidenceCache::Known& known) const;
  Decision JudgeFresh(const Case& one, const EvidenceCache::Known& known);
  Decision ConcludeFresh(const Case& one, const EvidenceCache::Known& known, const Found& found,
                         const judge::Verdict& verdict);
  FoundPtr Collect(const Case& one, judge::Judgement& judgement);
  judge::Judgement Begin(const Case& one) const;
  void KeepWorthy(const Case& one, const Found& found, const judge::Verdict& verdict);
  void Remember(const Case& one, const judge::Verdict& verdict);

  registry::EvidenceFinder finder_;
  const Clock& clock_;
  const Options options_;
  EvidenceCache evidence_;
  Mutex mutex_;
  LruMap<CachedVerdict> verdicts_ PULLSEAL_GUARDED_BY(mutex_){limits::kVerdicts};
  SingleFlight<FoundPtr> searches_;
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_SUBJECT_JUDGE_H_
