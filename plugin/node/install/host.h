// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_HOST_H_
#define PULLSEAL_NODE_INSTALL_HOST_H_

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/result.h"

namespace pullseal::install {

// Where things lie on a node. The folder holds one image a version, side by side, and what was done to the node.
inline constexpr std::string_view kFolder = "/opt/pullseal";
inline constexpr std::string_view kCurrent = "/opt/pullseal/current";    // link to the version in use
inline constexpr std::string_view kPrevious = "/opt/pullseal/previous";  // link to the one before it
inline constexpr std::string_view kWrapper = "/opt/pullseal/bin/pullseal";
inline constexpr std::string_view kState = "/opt/pullseal/node";
inline constexpr std::string_view kSettings = "/etc/pullseal";
inline constexpr std::string_view kCriSocket = "/run/pullseal/cri/cri.sock";
inline constexpr std::string_view kContainerdSocket = "/run/containerd/containerd.sock";
inline constexpr std::string_view kAdminSocket = "/run/pullseal/admin/admin.sock";

// FileState is what is at a path: nothing, a regular file, or a symbolic link.
struct FileState {
  enum class Kind { kAbsent, kFile, kLink };
  Kind kind = Kind::kAbsent;
  std::string text;  // the file's bytes, or where the link points
  unsigned mode = 0644;

  bool operator==(const FileState&) const = default;
};
FileState FileWith(std::string text, unsigned mode = 0644);
FileState LinkTo(std::string target);

// Host is a node as its files and its commands: the real one, or for tests a folder that stands for "/" and a function
// that answers commands. Not thread-safe.
class Host {
 public:
  // Runs a program to its end within the time; its output, or why it failed.
  using Run = std::function<Result<std::string>(const std::vector<std::string>& arguments, std::chrono::seconds time)>;
  explicit Host(std::string root = "", Run run = {});

  // `absolute` as seen from this process.
  std::string Path(std::string_view absolute) const { return root_ + std::string(absolute); }
  Result<std::string> Command(const std::vector<std::string>& arguments,
                              std::chrono::seconds time = std::chrono::seconds(30)) const {
    return run_(arguments, time);
  }
  Status Systemctl(std::vector<std::string> arguments, std::chrono::seconds time = std::chrono::seconds(90)) const;

  bool Exists(std::string_view path) const;
  // kLimit above limits::kNodeFileBytes; kUnavailable for what is neither file nor link, or cannot be read.
  Result<FileState> Look(std::string_view path) const;
  // Makes `path` be `state`: a file or link beside it, synced, is renamed over it. Folders above it must be there.
  Status Put(std::string_view path, const FileState& state) const;

 private:
  std::string root_;
  Run run_;
};

// Lock holds /opt/pullseal/node/lock until it goes, or its process ends in whatever way.
class Lock {
 public:
  // Takes it; waits for it as long as it takes if `wait`, else limits::kHealthTime. kUnavailable if another process has
  // it, or if it cannot be made.
  static Result<Lock> Take(const Host& host, bool wait);

 private:
  explicit Lock(OwnedFd fd) : fd_(std::move(fd)) {}
  OwnedFd fd_;
};

}  // namespace pullseal::install

#endif  // PULLSEAL_NODE_INSTALL_HOST_H_
