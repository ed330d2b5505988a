// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_DECISION_H_
#define PULLSEAL_GATE_GATE_DECISION_H_

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "image/oci/digest.h"
#include "verify/judge/reason.h"

namespace pullseal::gate {

using judge::Outcome;
using judge::Reason;

struct Snapshot;  // gate/gate/snapshot.h
using SnapshotPtr = std::shared_ptr<const Snapshot>;

// Where a decision came from: kHit from a cached verdict, kEvidence from evidence in memory judged again, kMiss from
// the registry, kNone where no signature was looked at.
enum class CacheUse { kNone, kHit, kEvidence, kMiss };
std::string_view Text(CacheUse use);

// Decision is the gate's answer to one question.
struct Decision {
  Reason reason = Reason::kPolicyUnavailable;
  std::string rule;                           // the rule or exception that decided; empty if none did
  std::map<std::string, std::string> labels;  // of that rule
  bool audit_only = false;                    // that rule, or each that may have decided, is in audit mode
  std::string_view advice;                    // told in place of the reason's sentence; a literal; empty: none
  std::string detail;                         // for the operator's log and `pullseal verify`; may hold remote text
  std::optional<oci::Digest> digest;          // the subject that was judged
  std::vector<std::string> signers;           // names of keys, subjects of certificates
  std::vector<std::string> issuers;           // of those certificates
  std::vector<std::string> evidence;          // digests of the signatures and attestations that counted
  std::vector<std::string> attestations;      // names of the entries that hold
  CacheUse cache = CacheUse::kNone;
  std::vector<std::string> steps;  // what was done and found, for people

  Outcome outcome() const { return judge::OutcomeOf(reason); }
};

// Refuse makes a decision that no rule took part in.
Decision Refuse(Reason reason, std::string detail);

// ReasonForRegistry says which could-not-decide reason an error of the registry is.
Reason ReasonForRegistry(const Error& error);
// ReasonForRuntime says what an error of the runtime, or of reading what it stores, makes of a question about content:
// image-link-unproven where the answer is certain (it is not there, or not what it should be), else could-not-decide.
Reason ReasonForRuntime(const Error& error);

// SetRegistryError makes `decision` say that `error`, met while asking a registry, left nothing decided.
void SetRegistryError(Decision& decision, const Error& error);

// AdviceOf is what to tell a developer about `decision`: its own advice, else the sentence of its reason.
std::string_view AdviceOf(const Decision& decision);

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_DECISION_H_
