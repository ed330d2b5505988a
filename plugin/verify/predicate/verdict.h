// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_VERDICT_H_
#define PULLSEAL_VERIFY_PREDICATE_VERDICT_H_

#include <string>
#include <utility>

namespace pullseal::predicate {

// Answer is what a predicate is to a rule. Each but the first has a reason of its own (verify/judge/reason.cc), which
// holds its slug and its sentence.
enum class Answer {
  kPasses,
  kMalformed,           // it has not the form that its type prescribes
  kProvenanceMismatch,  // built by another builder, from another source, or with other parameters
  kVerificationFailed,  // the verifier did not pass it, or not at the level asked
  kVulnerable,          // findings above the limit
  kPackageDenied,       // a package or licence that the rule denies
  kMismatch,            // a condition does not hold
};

// Verdict is what a rule says of one predicate. `detail` says where it went wrong, for people: text of the predicate in
// it is Printable and cut.
struct Verdict {
  bool passes() const { return answer == Answer::kPasses; }

  static Verdict Pass() { return Verdict{Answer::kPasses, {}}; }
  static Verdict Not(Answer answer, std::string detail) { return Verdict{answer, std::move(detail)}; }

  Answer answer = Answer::kMalformed;
  std::string detail;
};

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_VERDICT_H_
