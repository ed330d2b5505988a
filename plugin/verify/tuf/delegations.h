// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_TUF_DELEGATIONS_H_
#define PULLSEAL_VERIFY_TUF_DELEGATIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/json/value.h"
#include "verify/tuf/metadata.h"

namespace pullseal::tuf {

// The parts of a root or of delegations that say whose signatures count. kInvalid or kLimit.
Result<Keys> ReadKeys(const json::Value& holder);
Result<RoleKeys> ReadRoleKeys(const json::Value& value);
Result<Delegations> ReadDelegations(const json::Value& value);

// MatchesPattern says whether `pattern` matches `target`, segment by segment between slashes: "*" stands for any
// characters but "/", "?" for one of them (section 4.5, PATHPATTERN). Everything else means itself.
bool MatchesPattern(std::string_view pattern, std::string_view target);

// MatchesPrefix says whether SHA-256 of `target`, in hexadecimal, begins with one of the delegation's prefixes.
bool MatchesPrefix(const Delegation& delegation, std::string_view target);

// Candidate is a role that is to be asked for a target.
struct Candidate {
  std::string name;
  bool terminating = false;  // nothing behind it in its delegator's list is asked
};

// RolesFor returns the roles that `delegations` trusts for `target`, in their order, up to a terminating one.
std::vector<Candidate> RolesFor(const Delegations& delegations, std::string_view target);

// KeysOf returns who signs for the role `name`; null if it is not among them. `delegations` must outlive it.
const RoleKeys* KeysOf(const Delegations& delegations, std::string_view name);

}  // namespace pullseal::tuf

#endif  // PULLSEAL_VERIFY_TUF_DELEGATIONS_H_
