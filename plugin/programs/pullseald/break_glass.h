// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEALD_BREAK_GLASS_H_
#define PULLSEAL_PROGRAMS_PULLSEALD_BREAK_GLASS_H_

#include <chrono>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/base/result.h"

namespace pullseal::daemon {

// BreakGlass remembers that an operator has put the whole gate into audit mode for a while. It ends by itself: at the
// wall clock's `until`, and no later than the time asked for after it was opened, should the clock be set back. It is
// kept in a file in the state folder, so that it survives a restart. Thread-safe.
class BreakGlass {
 public:
  struct State {
    WallTime until;
    std::string reason;
  };

  // Reads what an earlier process left in `folder`. A file that cannot be read, or that asks for more than
  // limits::kBreakGlassMost, counts as none. `folder` empty: there is none and none can be opened.
  BreakGlass(const std::string& folder, const Clock& clock);

  // Opens it until `time` from now; what was open before is replaced. kInvalid for a time that is not in (0,
  // limits::kBreakGlassMost] or a reason that is empty or longer than limits::kBreakGlassReason; kUnavailable if it
  // cannot be kept on disk.
  Status Open(std::chrono::seconds time, const std::string& reason);
  // Ends it; nothing if it is not open. kUnavailable if the file stays: then it is over for this process only.
  Status Close();
  // What is in force now.
  std::optional<State> Active() const;

 private:
  std::optional<State> Load() const;

  const std::string path_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::optional<State> state_ PULLSEAL_GUARDED_BY(mutex_);
  SteadyTime ends_ PULLSEAL_GUARDED_BY(mutex_);
};

}  // namespace pullseal::daemon

#endif  // PULLSEAL_PROGRAMS_PULLSEALD_BREAK_GLASS_H_
