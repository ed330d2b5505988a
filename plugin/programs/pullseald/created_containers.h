// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEALD_CREATED_CONTAINERS_H_
#define PULLSEAL_PROGRAMS_PULLSEALD_CREATED_CONTAINERS_H_

#include <map>
#include <set>
#include <string>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mutex.h"

namespace pullseal::daemon {

// CreatedContainers remembers which containers came into being by calls that went through us, so that those which were
// created around us can be named. It decides nothing. Kept in a file in the state folder: the moment of the first start
// with that folder, then an ID a line. Without a folder it remembers this process's only. Thread-safe.
class CreatedContainers {
 public:
  // kThrough: by a call of ours; kBefore: older than what is remembered; kAround: neither.
  enum class Way { kThrough, kBefore, kAround };

  CreatedContainers(const std::string& folder, const Clock& clock);

  void Add(const std::string& id);
  Way WayOf(const std::string& id, WallTime created) const;
  // Whether so many are remembered that those which no longer run should go.
  bool IsFull() const;
  // Forgets all but `running` and those added lately, which may be about to run.
  void KeepOnly(const std::set<std::string>& running);

 private:
  void Load() PULLSEAL_REQUIRES(mutex_);
  void Save() PULLSEAL_REQUIRES(mutex_);

  const std::string path_;  // empty: none
  const Clock& clock_;
  mutable Mutex mutex_;
  WallTime since_ PULLSEAL_GUARDED_BY(mutex_);
  std::map<std::string, SteadyTime> ids_ PULLSEAL_GUARDED_BY(mutex_);  // with the moment each was added
  OwnedFd file_ PULLSEAL_GUARDED_BY(mutex_);                           // open for appending
};

std::string_view Text(CreatedContainers::Way way);

}  // namespace pullseal::daemon

#endif  // PULLSEAL_PROGRAMS_PULLSEALD_CREATED_CONTAINERS_H_
