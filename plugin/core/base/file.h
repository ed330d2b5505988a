// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_FILE_H_
#define PULLSEAL_CORE_BASE_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"

namespace pullseal {

// ReadFile returns the whole of the regular file at `path`. kLimit above `most` bytes, kNotFound if it is not there,
// kUnavailable if it cannot be read. Never blocks on a pipe or device.
Result<std::string> ReadFile(const std::string& path, std::size_t most);

// WriteFile puts `text` at `path` as a whole or not at all: into a new file beside it that is synced and renamed, with
// `mode`. kUnavailable; what was there before is then still there.
Status WriteFile(const std::string& path, std::string_view text, unsigned mode);

// OwnedFd closes its file descriptor when it goes. -1 means none.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  ~OwnedFd() { Close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

// ErrnoText says in words what `error` (an errno) means. Thread-safe.
std::string ErrnoText(int error);

}  // namespace pullseal

#endif  // PULLSEAL_CORE_BASE_FILE_H_
