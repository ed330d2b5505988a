// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_REQUIREMENT_REQUIREMENT_H_
#define PULLSEAL_VERIFY_REQUIREMENT_REQUIREMENT_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "verify/requirement/attestation.h"
#include "verify/requirement/authority.h"

namespace pullseal::requirement {

// What a payload may say about the repository it was signed for.
enum class RepositoryBinding {
  kBound,      // if it names one, it must be this one or an alias
  kRequired,   // it must name this one or an alias
  kUnsafeAny,  // whatever it says: a signature for one image is good for its copy under any other name
};

// Terms is what is asked of signatures beside who made them.
struct Terms {
  std::size_t threshold = 1;  // distinct authorities that must have signed
  RepositoryBinding repository = RepositoryBinding::kBound;
  std::vector<std::string> aliases;                // match names (oci::Reference::MatchName)
  std::map<std::string, std::string> annotations;  // signed annotations that must be there
};

// SignatureRequirement says whose signatures an image needs. Immutable; thread-safe.
class SignatureRequirement {
 public:
  // Nobody's: no signature satisfies it.
  SignatureRequirement() = default;

  // Make refuses (kInvalid) a list without authorities, two keys of one name or one key under two names, a
  // binding that demands a repository's name beside an authority whose signatures have none, and a threshold that is 0
  // or more than there are distinct authorities, by IdOf.
  static Result<SignatureRequirement> Make(std::vector<Authority> any_of, Terms terms = {});

  const std::vector<Authority>& any_of() const { return any_of_; }
  const Terms& terms() const { return terms_; }
  // Whether it was made to ask for signatures; one that is default-made asks for nobody's.
  bool asks() const { return !any_of_.empty(); }
  // How many distinct authorities must have signed; never 0.
  std::size_t threshold() const { return terms_.threshold; }

 private:
  SignatureRequirement(std::vector<Authority> any_of, Terms terms);
  std::vector<Authority> any_of_;
  Terms terms_;
};

// How many distinct authorities `list` has, by IdOf.
std::size_t CountDistinct(const std::vector<Authority>& list);

// Lists of entries, of which one must hold as a whole; usually there is one list.
using AttestationLists = std::vector<std::vector<AttestationRequirement>>;

// CheckLists refuses (kInvalid, kLimit) an empty list among several, two entries of one name, and more than
// limits::kAttestations entries.
Status CheckLists(const AttestationLists& lists);

// Requirement is what a rule asks of an image. Each part must hold, neither stands for the other; default-made it
// allows nothing.
struct Requirement {
  SignatureRequirement signatures;  // nobody's where only attestations are asked for
  AttestationLists attestations;    // empty where only signatures are asked for

  bool asks() const { return signatures.asks() || !attestations.empty(); }
};

}  // namespace pullseal::requirement

#endif  // PULLSEAL_VERIFY_REQUIREMENT_REQUIREMENT_H_
