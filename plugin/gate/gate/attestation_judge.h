// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_ATTESTATION_JUDGE_H_
#define PULLSEAL_GATE_GATE_ATTESTATION_JUDGE_H_

#include <memory>
#include <optional>
#include <set>
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
#include "gate/gate/search_mark.h"
#include "image/registry/evidence.h"
#include "verify/judge/attestation.h"

namespace pullseal::policy {
class Rule;
}

namespace pullseal::gate {

// AttestationJudge decides whether the attestations of one image are what one rule asks: cached verdict -> what is
// known
// -> the registry. Where a yes depends on there being no other attestation (all, newest, a verifier's FAILED), it needs
// a search of every place to its end: at a pull, and once on this node for what is there already. Thread-safe.
class AttestationJudge {
 public:
  // `store` may be null.
  AttestationJudge(registry::Client& registry, const Clock& clock, Options options, store::EvidenceStore* store);

  // For a rule that asks for attestations. The decision's reason is kSigned if they are as asked.
  Decision Decide(const Snapshot& snapshot, const Question& question, const policy::Rule& rule,
                  const judge::AttestedImage& image);

  Status Flush();

 private:
  // What one search brought, shared by those who asked for it at the same time.
  struct Found {
    std::vector<oci::SignatureEvidence> evidence;
    std::optional<Error> trouble;
    bool complete = false;  // every place was searched to its end
    std::vector<std::string> steps;
  };
  using FoundPtr = std::shared_ptr<const Found>;
  struct CachedVerdict {
    judge::AttestationVerdict verdict;
    SteadyTime expires;
  };
  struct Case {
    const Snapshot& snapshot;
    const Question& question;
    const policy::Rule& rule;
    const judge::AttestedImage& image;
    std::vector<oci::Digest> subjects;
    std::set<std::string> types;
    std::set<std::string> signers;
    std::string key;         // of an allow
    std::string denied_key;  // of a denial: by the credentials it was found with
    std::string search;      // of the image in its repository
  };

  std::optional<Decision> FindVerdict(const std::string& key);
  void Remember(const Case& one, const judge::AttestationVerdict& verdict);
  judge::AttestationJudgement Begin(const Case& one) const;
  std::vector<oci::SignatureEvidence> Known(const Case& one, std::optional<Error>& trouble);
  bool IsSearched(const Case& one, const std::vector<oci::SignatureEvidence>& known);
  FoundPtr Collect(const Case& one, judge::AttestationJudgement& judgement);
  Decision DecideFresh(const Case& one, const std::vector<oci::SignatureEvidence>& known,
                       const std::optional<Error>& trouble);
  void Keep(const Case& one, const std::vector<oci::SignatureEvidence>& found, bool complete);

  registry::EvidenceFinder finder_;
  const Clock& clock_;
  const Options options_;
  EvidenceCache evidence_;
  Mutex mutex_;
  LruMap<CachedVerdict> verdicts_ PULLSEAL_GUARDED_BY(mutex_){limits::kVerdicts};
  LruMap<SearchMark> marks_ PULLSEAL_GUARDED_BY(mutex_){limits::kSearchMarks};
  SingleFlight<FoundPtr> searches_;
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_ATTESTATION_JUDGE_H_
