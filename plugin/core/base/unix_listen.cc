// SPDX-License-Identifier: Apache-2.0
#include "core/base/unix_listen.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

namespace pullseal {
namespace {

constexpr int kFirstInherited = 3;  // sd_listen_fds(3)

Error Unavailable(const std::string& path, const std::string& why) {
  return Error{ErrorCode::kUnavailable, "listen on " + path + ": " + why};
}

Status CheckFolder(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  const bool was_there = std::filesystem::exists(folder, error);
  std::filesystem::create_directories(folder, error);
  if (!was_there) ::chmod(folder.c_str(), 0700);
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) return Unavailable(path, "its folder: " + ErrnoText(errno));
  if (info.st_uid != ::geteuid() || (info.st_mode & 0077) != 0) {
    return Unavailable(path, "its folder must be ours alone (chmod 0700 " + folder.string() + ")");
  }
  return {};
}

// Whether somebody accepts connections at `address`.
bool IsServed(const sockaddr_un& address) {
  const OwnedFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  return errno == EAGAIN;
}

}  // namespace

Result<OwnedFd> Listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Unavailable(path, "the path is longer than 107 characters");
  std::memcpy(address.sun_path, path.data(), path.size());
  if (const Status folder = CheckFolder(path); !folder) return folder.error();
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) return Unavailable(path, "there is a file that is no socket");
    if (IsServed(address)) return Unavailable(path, "another process serves it; is pullseald running already?");
    ::unlink(path.c_str());
  }
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Unavailable(path, ErrnoText(errno));
  const mode_t old = ::umask(0117);
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::umask(old);
  if (bound != 0) return Unavailable(path, ErrnoText(error));
  if (::listen(fd.get(), 128) != 0) return Unavailable(path, ErrnoText(errno));
  return fd;
}

OwnedFd InheritedSocket(const std::string& name) {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count_text = std::getenv("LISTEN_FDS");
  const char* names_text = std::getenv("LISTEN_FDNAMES");
  if (pid == nullptr || count_text == nullptr || std::atoi(pid) != ::getpid()) return OwnedFd();
  const int count = std::atoi(count_text);
  std::string_view names = names_text != nullptr ? names_text : "";
  for (int i = 0; i < count && i < 16; ++i) {
    const std::string_view one = names.substr(0, names.find(':'));
    if (one == name || (names_text == nullptr && count == 1)) {
      const int fd = kFirstInherited + i;
      ::fcntl(fd, F_SETFD, FD_CLOEXEC);
      ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
      return OwnedFd(fd);
    }
    names.remove_prefix(std::min(names.size(), one.size() + 1));
  }
  return OwnedFd();
}

}  // namespace pullseal
