// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEALD_FOLDER_WATCH_H_
#define PULLSEAL_PROGRAMS_PULLSEALD_FOLDER_WATCH_H_

#include <string>

#include "core/base/file.h"

namespace pullseal::daemon {

// FolderWatch notices that something changed in a folder or the folders directly in it: a file written or renamed, or
// the symbolic link exchanged by which a ConfigMap volume is updated (inotify(7)). Where the kernel cannot watch,
// nothing is noticed. Not thread-safe.
class FolderWatch {
 public:
  explicit FolderWatch(std::string folder);

  // Says whether anything changed since the last call, and watches what is there now.
  bool Changed();

 private:
  void Watch();

  const std::string folder_;
  OwnedFd fd_;
};

}  // namespace pullseal::daemon

#endif  // PULLSEAL_PROGRAMS_PULLSEALD_FOLDER_WATCH_H_
