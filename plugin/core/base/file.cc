// SPDX-License-Identifier: Apache-2.0
#include "core/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace pullseal {

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void OwnedFd::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::string ErrnoText(int error) { return std::generic_category().message(error); }

Result<std::string> ReadFile(const std::string& path, std::size_t most) {
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    const int error = errno;
    return Error{error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                 "open " + path + ": " + ErrnoText(error)};
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Error{ErrorCode::kUnavailable, "open " + path + ": not a regular file"};
  }
  std::string out;
  char chunk[64 * 1024];
  while (true) {
    const ssize_t got = ::read(fd.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{ErrorCode::kUnavailable, "read " + path + ": " + ErrnoText(errno)};
    if (got == 0) return out;
    out.append(chunk, static_cast<std::size_t>(got));
    if (out.size() > most) {
      return Error{ErrorCode::kLimit, path + " is larger than " + std::to_string(most) + " bytes"};
    }
  }
}

Status WriteFile(const std::string& path, std::string_view text, unsigned mode) {
  const std::string beside = path + ".new";
  const auto failed = [&](const char* what) {
    const Error error{ErrorCode::kUnavailable, std::string(what) + " " + beside + ": " + ErrnoText(errno)};
    ::unlink(beside.c_str());
    return error;
  };
  ::unlink(beside.c_str());
  const OwnedFd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Error{ErrorCode::kUnavailable, "create " + beside + ": " + ErrnoText(errno)};
  while (!text.empty()) {
    const ssize_t put = ::write(fd.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed("write");
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fchmod(fd.get(), mode) != 0) return failed("set the mode of");
  if (::fsync(fd.get()) != 0) return failed("sync");
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed("rename");
  return {};
}

}  // namespace pullseal
