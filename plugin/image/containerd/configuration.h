// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CONTAINERD_CONFIGURATION_H_
#define PULLSEAL_IMAGE_CONTAINERD_CONFIGURATION_H_

#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "image/containerd/settings.h"

namespace pullseal::containerd {

// Configuration is containerd's configuration as this process can know it, read again while it runs. Thread-safe.
class Configuration {
 public:
  // `note` is the path of what a process on the host wrote down (note.h), empty for none; `file` that of containerd's
  // own file, which is read where there is no note.
  Configuration(std::string file, std::string note) : file_(std::move(file)), note_(std::move(note)) {}

  // What is known, at most limits::kSettingsAge old. What was known last stays where it can no longer be read. The
  // errors of FromFiles where nothing was ever known.
  Result<Settings> Get();

 private:
  Result<Settings> Read() PULLSEAL_REQUIRES(mutex_);

  const std::string file_;
  const std::string note_;
  Mutex mutex_;
  std::optional<Settings> known_ PULLSEAL_GUARDED_BY(mutex_);
  bool noted_ PULLSEAL_GUARDED_BY(mutex_) = false;  // known_ is a note's
  SteadyTime read_ PULLSEAL_GUARDED_BY(mutex_);
};

}  // namespace pullseal::containerd

#endif  // PULLSEAL_IMAGE_CONTAINERD_CONFIGURATION_H_
