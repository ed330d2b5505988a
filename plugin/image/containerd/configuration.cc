// SPDX-License-Identifier: Apache-2.0
#include "image/containerd/configuration.h"

#include <chrono>

#include "core/base/file.h"
#include "image/containerd/limits.h"
#include "image/containerd/note.h"

namespace pullseal::containerd {

Result<Settings> Configuration::Get() {
  const MutexLock lock(mutex_);
  const SteadyTime now = std::chrono::steady_clock::now();
  if (known_ && now - read_ < limits::kSettingsAge) return *known_;
  auto found = Read();
  if (!found && !known_) return found;
  if (found) known_ = std::move(*found);
  read_ = now;
  return *known_;
}

Result<Settings> Configuration::Read() {
  if (!note_.empty()) {
    const auto text = ReadFile(note_, limits::kNoteBytes);
    auto note = text ? ParseNote(*text) : Result<Note>(text.error());
    if (note) {
      noted_ = true;
      return std::move(note->settings);
    }
    // A note is more than the files tell: it stays though it cannot be read now.
    if (noted_) return note.error();
  }
  return FromFiles(file_);
}

}  // namespace pullseal::containerd
