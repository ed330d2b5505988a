// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/created_containers.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/log.h"
#include "core/base/mutex.h"
#include "programs/pullseald/limits.h"

namespace pullseal::daemon {
namespace {

bool IsId(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

CreatedContainers::CreatedContainers(const std::string& folder, const Clock& clock)
    : path_(folder.empty() ? std::string() : folder + "/containers"), clock_(clock), since_(clock.Now()) {
  if (!path_.empty()) Load();
}

void CreatedContainers::Load() {
  const auto text = ReadFile(path_, limits::kCreatedFileBytes);
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  const auto since = ParseTime(rest.substr(0, rest.find('\n')));
  if (since) since_ = std::min(*since, since_);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (const std::string_view line = rest.substr(0, end); IsId(line)) ids_.emplace(line, clock_.Steady());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  Save();
}

void CreatedContainers::Save() {
  std::string text = FormatTime(since_) + "\n";
  for (const auto& [id, unused] : ids_) text += id + "\n";
  if (const Status written = WriteFile(path_, text, 0600); !written) {
    log::Warn("which containers came through here is not remembered: " + written.error().message);
  }
  file_ = OwnedFd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
}

void CreatedContainers::Add(const std::string& id) {
  if (!IsId(id)) return;
  const MutexLock lock(mutex_);
  if (ids_.size() >= 2 * limits::kCreatedContainers || !ids_.emplace(id, clock_.Steady()).second || !file_.valid())
    return;
  const std::string line = id + "\n";
  // What cannot be written is remembered by this process; losing it costs a false word in a report.
  (void)!::write(file_.get(), line.data(), line.size());
}

CreatedContainers::Way CreatedContainers::WayOf(const std::string& id, WallTime created) const {
  const MutexLock lock(mutex_);
  if (ids_.contains(id)) return Way::kThrough;
  return created < since_ ? Way::kBefore : Way::kAround;
}

bool CreatedContainers::IsFull() const {
  const MutexLock lock(mutex_);
  return ids_.size() >= limits::kCreatedContainers;
}

void CreatedContainers::KeepOnly(const std::set<std::string>& running) {
  const MutexLock lock(mutex_);
  const SteadyTime lately = clock_.Steady() - limits::kCreatedLately;
  std::erase_if(ids_, [&](const auto& one) { return one.second < lately && !running.contains(one.first); });
  if (!path_.empty()) Save();
}

std::string_view Text(CreatedContainers::Way way) {
  switch (way) {
    case CreatedContainers::Way::kThrough:
      return "through";
    case CreatedContainers::Way::kBefore:
      return "before";
    case CreatedContainers::Way::kAround:
      return "around";
  }
  return "around";
}

}  // namespace pullseal::daemon
