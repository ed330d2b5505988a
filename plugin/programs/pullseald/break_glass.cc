// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/break_glass.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mutex.h"
#include "core/json/value.h"
#include "programs/pullseald/limits.h"

namespace pullseal::daemon {

BreakGlass::BreakGlass(const std::string& folder, const Clock& clock)
    : path_(folder.empty() ? std::string() : folder + "/break-glass.json"), clock_(clock) {
  state_ = Load();
  if (!state_) return;
  ends_ = clock_.Steady() + std::chrono::duration_cast<SteadyTime::duration>(state_->until - clock_.Now());
  log::Warn("BREAK-GLASS is open until " + FormatTime(state_->until) +
            ": nothing is refused. Reason: " + Printable(state_->reason, limits::kBreakGlassReason));
}

std::optional<BreakGlass::State> BreakGlass::Load() const {
  if (path_.empty()) return std::nullopt;
  const auto text = ReadFile(path_, limits::kBreakGlassBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::nullopt;
  const auto parsed = text ? json::Parse(*text) : Result<json::Value>(text.error());
  const std::string* until = parsed ? parsed->FindString("until") : nullptr;
  const std::string* reason = parsed ? parsed->FindString("reason") : nullptr;
  const auto time = until != nullptr ? ParseTime(*until) : std::nullopt;
  if (!time || reason == nullptr) {
    log::Warn("what says that break-glass is open cannot be read, so it is not: " + path_);
    return std::nullopt;
  }
  const auto left = *time - clock_.Now();
  if (left <= std::chrono::seconds(0) || left > limits::kBreakGlassMost) return std::nullopt;
  return State{*time, *reason};
}

Status BreakGlass::Open(std::chrono::seconds time, const std::string& reason) {
  if (time <= std::chrono::seconds(0) || time > limits::kBreakGlassMost) {
    return Error{ErrorCode::kInvalid, "break-glass can be opened for at most " +
                                          std::to_string(limits::kBreakGlassMost.count() / 3600) + "h at a time"};
  }
  if (reason.empty() || reason.size() > limits::kBreakGlassReason) {
    return Error{ErrorCode::kInvalid,
                 "break-glass needs a reason of at most " + std::to_string(limits::kBreakGlassReason) + " characters"};
  }
  if (path_.empty()) return Error{ErrorCode::kUnavailable, "break-glass needs a state folder, to survive a restart"};
  State state{clock_.Now() + time, reason};
  json::Writer text;
  text.Text("until", FormatTime(state.until)).Text("reason", reason);
  if (Status written = WriteFile(path_, text.Finish() + "\n", 0600); !written) return written;
  const MutexLock lock(mutex_);
  state_ = std::move(state);
  ends_ = clock_.Steady() + time;
  return {};
}

Status BreakGlass::Close() {
  {
    const MutexLock lock(mutex_);
    state_.reset();
  }
  if (!path_.empty() && ::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    return Error{ErrorCode::kUnavailable, path_ + ": " + ErrnoText(errno)};
  }
  return {};
}

std::optional<BreakGlass::State> BreakGlass::Active() const {
  const MutexLock lock(mutex_);
  if (!state_ || clock_.Now() >= state_->until || clock_.Steady() >= ends_) return std::nullopt;
  return state_;
}

}  // namespace pullseal::daemon
