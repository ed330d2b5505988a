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
#include "policy/model/model.h"
#include "verify/judge/reason.h"

namespace pullseal::gate {

using judge::Outcome;
using judge::Reason;

// Snapshot is everything a decision depends on besides the image: immutable, swapped as a whole on reload.
struct Snapshot {
  policy::Policy policy;
  // The node's labels; absent if the config names none, which makes them unknown.
  std::optional<std::map<std::string, std::string>> node_labels;
  // The policy is in audit mode because an operator opened the gate for a while, whatever its file says.
  bool break_glass = false;
};
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
  bool audit_only = false;                    // that rule, or the whole policy, is in audit mode
  std::string_view advice;                    // told in place of the reason's sentence; a literal; empty: none
  std::string detail;                         // for the operator's log and `pullseal verify`; may hold remote text
  std::optional<oci::Digest> digest;          // the subject that was judged
  std::vector<std::string> signers;           // names of keys, subjects of certificates
  std::vector<std::string> issuers;           // of those certificates
  std::vector<std::string> evidence;          // digests of the signatures that counted
  CacheUse cache = CacheUse::kNone;
  std::vector<std::string> steps;  // what was done and found, for people

  Outcome outcome() const { return judge::OutcomeOf(reason); }
};

// Refuse makes a decision that no rule took part in.
Decision Refuse(Reason reason, std::string detail);

// ReasonFor says which could-not-decide reason an error of the registry, or of the runtime, is.
Reason ReasonForRegistry(const Error& error);
Reason ReasonForRuntime(const Error& error);

// SetRegistryError makes `decision` say that `error`, met while asking a registry, left nothing decided.
void SetRegistryError(Decision& decision, const Error& error);

// AdviceOf is what to tell a developer about `decision`: its own advice, else the sentence of its reason.
std::string_view AdviceOf(const Decision& decision);

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_DECISION_H_
