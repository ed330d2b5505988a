// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_GATE_H_
#define PULLSEAL_GATE_GATE_GATE_H_

#include <atomic>
#include <optional>
#include <vector>

#include "core/base/clock.h"
#include "gate/gate/attestation_judge.h"
#include "gate/gate/decision.h"
#include "gate/gate/errands.h"
#include "gate/gate/limits.h"
#include "gate/gate/provenance.h"
#include "gate/gate/question.h"
#include "gate/gate/subject_judge.h"
#include "image/oci/manifest.h"
#include "image/oci/reference.h"
#include "image/registry/client.h"
#include "policy/model/match.h"

namespace pullseal::gate {

// Pull is the gate's answer for a pull: the decision, and what may be pulled if it allows. Without `digest` the
// decision needed none (an exempt image) and the name goes as it is.
struct Pull {
  Decision decision;
  std::optional<oci::Digest> digest;
};

// CacheSizes counts what is kept in memory.
struct CacheSizes {
  std::size_t verdicts = 0;
  std::size_t images = 0;  // with evidence
};

// Gate answers questions: rule -> the image's digest -> SubjectJudge. Thread-safe.
class Gate {
 public:
  // `store` may be null: then nothing outlives the process; so may `origins`: then the node knows of no origin.
  Gate(registry::Client& registry, const Clock& clock, oci::Platform node, Options options,
       store::EvidenceStore* store = nullptr, Origins* origins = nullptr);

  // Content that is on the node already, or whose digest is known.
  Decision DecideContent(const Snapshot& snapshot, const Question& question);

  // A pull: resolves the name once and decides about that digest; if only the manifest for this node is signed, and the
  // index has exactly one, about that.
  Pull DecidePull(const Snapshot& snapshot, const Question& question);

  // Looks further for what was pulled, once it was answered: in all places, for whatever any rule of `snapshot` could
  // need; under a policy in audit mode for all small signatures, whoever made them, so that rules nobody had yet find
  // them. For a thread in the background, called again and again. Ends soon once `stopping`. How many images it looked
  // for.
  int Gather(const Snapshot& snapshot, const std::atomic<bool>& stopping);

  // Where content came from.
  Provenance& provenance() { return provenance_; }

  // Forgets all verdicts and evidence, on disk too, or says why the disk could not be emptied.
  Status Flush();
  CacheSizes Sizes();
  // The images whose evidence is known, those used last first, at most `most`.
  Result<std::vector<store::EvidenceStore::Subject>> KnownImages(std::size_t most) {
    return subjects_.evidence().List(most);
  }

 private:
  Pull JudgePull(const Snapshot& snapshot, const Question& question);
  void NoteErrand(const Snapshot& snapshot, const Question& question, const Pull& pull);
  Status RunErrand(const Snapshot& snapshot, const Errand& errand);
  // The rules that decide, without the exceptions whose images' origin is not proven.
  struct Choice {
    policy::Selection selection;
    std::vector<std::string> passed_over;  // exceptions, why
    std::optional<Error> trouble;          // one of them could not be looked at
  };
  Choice Choose(const Snapshot& snapshot, const Question& question);
  Result<oci::Digest> Resolve(const Question& question, const policy::Selection& selection);
  Decision DecideByRules(const Snapshot& snapshot, const Question& question);
  Decision DecideByRule(const Snapshot& snapshot, const Question& question, const policy::Rule& rule);
  Decision JudgeCandidates(const Snapshot& snapshot, const Question& question, const policy::Rule& rule);
  // What the rule asks beside signatures, of an image that `decided` allows.
  Decision AddAttestations(const Snapshot& snapshot, const Question& question, const policy::Rule& rule,
                           Decision decided);
  Result<judge::AttestedImage> AttestedImageOf(const Question& question);
  void RequireOrigin(const Question& question, const policy::Match& match, Decision& decision);
  Pull Unresolved(const Question& question, const policy::Selection& selection, const Error& error) const;
  // The one manifest of `index` that fits this node; absent if it is no index, or has none or several. Trouble if the
  // index cannot be read: then nothing is known about its manifests.
  Result<std::optional<oci::Digest>> OnlyManifestForNode(const Question& question, const oci::Digest& index);
  policy::Selection SelectRules(const Snapshot& snapshot, const Question& question,
                                const std::vector<const policy::Exception*>& passed_over = {}) const;

  registry::Client& registry_;
  const Clock& clock_;
  const oci::Platform node_;
  SubjectJudge subjects_;
  Provenance provenance_;
  AttestationJudge attestations_;
  Errands errands_;
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_GATE_H_
