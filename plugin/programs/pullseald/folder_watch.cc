// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "programs/pullseald/limits.h"

namespace pullseal::daemon {

FolderWatch::FolderWatch(std::string folder)
    : folder_(std::move(folder)), fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  Watch();
}

// Watching a folder again changes nothing; a ConfigMap's new folder is watched from the change that brought it on.
void FolderWatch::Watch() {
  if (!fd_.valid()) return;
  constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
  ::inotify_add_watch(fd_.get(), folder_.c_str(), kEvents);
  std::error_code failed;
  std::size_t watched = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, failed)) {
    if (watched >= limits::kWatchedFolders) return;
    if (entry.is_directory(failed) && ::inotify_add_watch(fd_.get(), entry.path().c_str(), kEvents) >= 0) ++watched;
  }
}

bool FolderWatch::Changed() {
  bool changed = false;
  alignas(inotify_event) char buffer[16 * 1024];
  while (fd_.valid() && ::read(fd_.get(), buffer, sizeof buffer) > 0) changed = true;
  if (changed) Watch();
  return changed;
}

}  // namespace pullseal::daemon
