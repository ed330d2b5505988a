// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_TRUST_UPDATE_H_
#define PULLSEAL_NODE_TRUST_UPDATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "node/trust/attempt.h"
#include "node/trust/mirror.h"
#include "verify/tuf/trusted_set.h"

namespace pullseal::trust {

// UpdateRequest says what is to be trusted, and where it is to be kept.
struct UpdateRequest {
  std::string root;                  // file with the root that is trusted to begin with
  std::string out;                   // folder
  std::vector<std::string> targets;  // their names; empty: all that targets.json lists itself
  tuf::Ends ends = tuf::Ends::kRefuse;
  WallTime now;  // the time of the update (TUF specification section 5.1)
};

// UpdateReport says what is trusted now.
struct UpdateReport {
  struct Target {
    std::string name;
    std::string file;  // in the folder
    std::int64_t length = 0;
  };
  bool changed = false;  // the folder was replaced; otherwise it held this already
  std::int64_t root = 0;
  std::int64_t timestamp = 0;
  std::int64_t snapshot = 0;
  std::int64_t targets_version = 0;
  WallTime timestamp_end;
  WallTime root_end;
  std::vector<Target> targets;
  std::vector<tuf::TrustedSet::Ended> ended;  // taken although it had ended
};

// Update walks from the given root over what the folder holds to what the mirror has, fetches the targets, and replaces
// the folder: its chain of roots from the given one on, timestamp, snapshot, targets roles, and each target under
// "targets/", by its name and as a mirror with consistent snapshots has it. On any failure the folder is as it was.
// Targets that the folder has already are not fetched again. Blocks for limits::kTrustUpdateTime at most, and the disk.
Attempt<UpdateReport> Update(const UpdateRequest& request, Mirror& mirror);

}  // namespace pullseal::trust

#endif  // PULLSEAL_NODE_TRUST_UPDATE_H_
