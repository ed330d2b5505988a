// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_TUF_TARGET_SEARCH_H_
#define PULLSEAL_VERIFY_TUF_TARGET_SEARCH_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "verify/tuf/trusted_set.h"

namespace pullseal::tuf {

// TargetSearch walks the roles that may say what a target is (section 5.6.7): those that delegate first, in the order
// of their lists, each role once, at most limits::kTrustRoles, nothing behind a terminating delegation. It asks for
// roles and is told that the set has them; it fetches nothing. A role that cannot be trusted ends the search: nobody
// else is asked in its place. Not thread-safe.
class TargetSearch {
 public:
  struct Step {
    std::string role;
    std::string delegator;  // empty for "targets"
  };

  explicit TargetSearch(std::string target);

  // The role to have in the set next; absent if none is left, and then the target is not found.
  std::optional<Step> Next();

  // Looks into the role that Next named and that `set` has by now. Returns what the target is, if the role lists it;
  // null if not, and the search goes on.
  const TargetInfo* Look(const TrustedSet& set);

  const std::string& target() const { return target_; }

  // Why the search came to nothing.
  Refusal NotFound() const;

 private:
  std::string target_;
  std::vector<Step> open_;  // the next one last
  std::set<std::string> seen_;
  Step current_;
};

// CheckTargetName says whether a target can be asked for: 1 to limits::kTrustNameBytes bytes of text, relative, no
// empty segment and none that means a folder itself or the one above, no control character, no backslash. Pure.
Verdict CheckTargetName(const std::string& name);

}  // namespace pullseal::tuf

#endif  // PULLSEAL_VERIFY_TUF_TARGET_SEARCH_H_
