#include "base/file.h"

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

}  // namespace pullseal
