// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_MODEL_MATCH_H_
#define PULLSEAL_POLICY_MODEL_MATCH_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "image/oci/digest.h"
#include "image/oci/reference.h"
#include "policy/model/model.h"

namespace pullseal::policy {

// Subject is what a policy is asked about: a name, for whom, and the content if it is known already.
struct Subject {
  const oci::Reference& name;
  std::optional<std::string> pod_namespace;                       // absent: not known
  std::optional<std::vector<oci::Digest>> digests;                // absent: not resolved yet
  std::optional<std::map<std::string, std::string>> node_labels;  // absent: the node's labels are not known
  Action action = Action::kContainer;
  // For rules that deny: what else was read on the way to the content (indexes, manifests, configs with diff IDs), and
  // its image ID. What is not there is not known, and no deny rule waits for it.
  std::vector<oci::Digest> path = {};
  std::optional<oci::Digest> image_id = std::nullopt;
  std::vector<const Exception*> passed_over = {};  // exceptions that do not count
};

// Applicable is one rule or one exception that decides, or may decide, about a subject.
struct Applicable {
  const Rule* rule = nullptr;
  const Exception* exception = nullptr;
};

// Selection is what decides about a subject: every entry of `all` must allow. More than one only where something about
// the subject is unknown. `complete` is false if, for some value of the unknown, no rule at all would match.
struct Selection {
  std::vector<Applicable> all;
  bool complete = false;
  bool needs_digest = false;  // the answer may be another one once the digest is known
};

// Select finds the rules for `subject`: rules of mode deny first, then exceptions not yet expired at `now`, then the
// other rules; within each in the order of the file; the first match decides. What is unknown may match: then every
// rule that could match counts, up to the first that surely does; exceptions bound to a namespace never match an
// unknown one. A digest counts in a rule that denies wherever it stands on the path to the content, in others only
// among `digests`. The result points into `policy`. Pure; thread-safe.
Selection Select(const Policy& policy, const Subject& subject, WallTime now);

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_MODEL_MATCH_H_
