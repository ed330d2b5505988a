// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_REQUIREMENT_ATTESTATION_H_
#define PULLSEAL_VERIFY_REQUIREMENT_ATTESTATION_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "verify/predicate/custom.h"
#include "verify/predicate/provenance.h"
#include "verify/predicate/type.h"
#include "verify/predicate/vsa.h"
#include "verify/requirement/authority.h"

namespace pullseal::requirement {

// Attester is one who may attest, and for whom it speaks: builders of provenance, verifiers of summaries. Both stand
// with the signer, because they are text that whoever signs can write (SLSA, "Verifying artifacts": builder and signer
// are a pair).
struct Attester {
  Authority authority;
  std::vector<std::string> builders;
  std::vector<std::string> verifiers;
};

// Which of several attestations count.
enum class Which {
  kAny,     // one that is good is enough
  kAll,     // each one, and at least one
  kNewest,  // all of the newest time; where one tells no time, all
};

// What of the image an attestation may be about.
enum class SubjectKind { kEither, kIndex, kManifest };

// How old an attestation may be. Absent: no age refuses.
struct Freshness {
  std::optional<std::chrono::seconds> alarm_age;      // older ones are told
  std::optional<std::chrono::seconds> max_age;        // at a pull
  std::optional<std::chrono::seconds> max_age_known;  // also at creates and starts of what is on the node
};

using PredicateRule = std::variant<predicate::ProvenanceRule, predicate::VsaRule, predicate::CustomRule>;

// AttestationRequirement is one entry of a rule's list: what an image must have attested, and by whom. Immutable;
// thread-safe.
class AttestationRequirement {
 public:
  struct Parts {
    std::string name;  // told in reasons, records and metrics
    std::vector<Attester> by;
    SubjectKind subject = SubjectKind::kEither;
    Freshness freshness;
    PredicateRule rule;
    std::optional<Which> which;        // for custom only; the other types have theirs
    std::vector<std::string> aliases;  // match names that a summary's resource may have beside the image's own
  };
  // Make refuses (kInvalid) an entry without name or authority; provenance by whoever speaks for no builder, summaries
  // for no verifier, and either where it means nothing; the same authority twice, or one whose signatures are no
  // statements; custom without `which`; and ages that can never be told or contradict each other.
  static Result<AttestationRequirement> Make(Parts parts);

  const std::string& name() const { return parts_.name; }
  const std::vector<Authority>& authorities() const { return authorities_; }
  // Of the authority of that id (IdOf); null if it is none of them.
  const Attester* AttesterOf(std::string_view id) const;
  SubjectKind subject() const { return parts_.subject; }
  const Freshness& freshness() const { return parts_.freshness; }
  const PredicateRule& rule() const { return parts_.rule; }
  Which which() const { return which_; }
  const std::vector<std::string>& aliases() const { return parts_.aliases; }
  predicate::Type type() const;
  // Whether a statement of that predicate type is one of those that it asks for.
  bool IsOfType(std::string_view predicate_type) const;

 private:
  AttestationRequirement(Parts parts, Which which);
  Parts parts_;
  Which which_;
  std::vector<Authority> authorities_;
};

}  // namespace pullseal::requirement

#endif  // PULLSEAL_VERIFY_REQUIREMENT_ATTESTATION_H_
