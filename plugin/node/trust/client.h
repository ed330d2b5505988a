// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_TRUST_CLIENT_H_
#define PULLSEAL_NODE_TRUST_CLIENT_H_

#include <cstdint>
#include <map>
#include <string>

#include "node/trust/attempt.h"
#include "node/trust/copies.h"
#include "node/trust/mirror.h"
#include "verify/tuf/target_search.h"
#include "verify/tuf/trusted_set.h"

namespace pullseal::trust {

// Client brings one repository up to date: it fetches what the set asks for next, in the order of the TUF specification
// (section 5), keeps each file as soon as it is trusted, and stops at the first that is refused or cannot be got. It
// judges nothing itself. Not thread-safe.
class Client {
 public:
  // `mirror` and `copies` must outlive it.
  Client(tuf::TrustedSet set, Mirror& mirror, Copies& copies)
      : set_(std::move(set)), mirror_(mirror), copies_(copies) {}

  // Roots, timestamp, snapshot, targets (sections 5.3 to 5.6). Once.
  Done Refresh();

  // What a target is, searched through delegations; after Refresh.
  Attempt<tuf::TargetInfo> Find(const std::string& target);

  // A target's bytes (section 5.7), verified.
  Attempt<std::string> Fetch(const std::string& target, const tuf::TargetInfo& info);

  // Where the mirror has that target's file.
  std::string PathOf(const std::string& target, const tuf::TargetInfo& info) const;

  const tuf::TrustedSet& set() const { return set_; }
  // The bytes of what is trusted now, by role; roots that were taken, by version.
  const std::map<std::string, std::string>& files() const { return files_; }
  const std::map<std::int64_t, std::string>& roots() const { return roots_; }

 private:
  Done WalkRoots();
  Done UpdateTimestamp();
  Done UpdateSnapshot();
  Done UpdateTargets(const std::string& role, const std::string& delegator);
  tuf::Verdict Take(const std::string& bytes, const std::string& role, const std::string& delegator);
  Attempt<std::string> Get(const std::string& role, const tuf::FileInfo& promised, tuf::Role kind);
  Done Keep(const std::string& role, const std::string& bytes);

  tuf::TrustedSet set_;
  Mirror& mirror_;
  Copies& copies_;
  std::map<std::string, std::string> files_;
  std::map<std::int64_t, std::string> roots_;
};

}  // namespace pullseal::trust

#endif  // PULLSEAL_NODE_TRUST_CLIENT_H_
