// SPDX-License-Identifier: Apache-2.0
#include "node/install/host.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <thread>
#include <utility>

#include "core/base/command.h"
#include "node/install/limits.h"

namespace pullseal::install {
namespace {

// Programs of the node by name, as a service finds them: our own environment is that of whoever called us.
std::string FindProgram(const std::string& name) {
  if (name.starts_with('/')) return name;
  for (const char* folder : {"/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/usr/local/bin/"}) {
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  }
  return name;
}

Result<std::string> RunOnNode(const std::vector<std::string>& arguments, std::chrono::seconds time) {
  pullseal::Command command;
  command.path = FindProgram(arguments.front());
  command.arguments = {arguments.begin() + 1, arguments.end()};
  // The node's programs run with the node's libraries, and in words we can read.
  command.environment = {{"LC_ALL", "C"}, {"SYSTEMD_PAGER", ""}, {"SYSTEMD_COLORS", "0"}};
  command.time = time;
  command.most = limits::kNodeCommandBytes;
  command.keeps_rights = true;
  command.tells_errors = true;
  auto output = RunCommand(command);
  if (!output) return output.error().In(arguments.front() + (arguments.size() > 1 ? " " + arguments[1] : ""));
  return output->text();
}

Error Failed(const std::string& what, const std::string& path) {
  return Error{ErrorCode::kUnavailable, what + " " + path + ": " + ErrnoText(errno)};
}

}  // namespace

FileState FileWith(std::string text, unsigned mode) { return FileState{FileState::Kind::kFile, std::move(text), mode}; }

FileState LinkTo(std::string target) { return FileState{FileState::Kind::kLink, std::move(target), 0777}; }

Host::Host(std::string root, Run run) : root_(std::move(root)), run_(run ? std::move(run) : RunOnNode) {}

Status Host::Systemctl(std::vector<std::string> arguments, std::chrono::seconds time) const {
  arguments.insert(arguments.begin(), "systemctl");
  auto done = Command(arguments, time);
  return done ? Status() : Status(done.error());
}

bool Host::Exists(std::string_view path) const {
  struct stat info {};
  return ::lstat(Path(path).c_str(), &info) == 0;
}

Result<FileState> Host::Look(std::string_view path) const {
  const std::string at = Path(path);
  struct stat info {};
  if (::lstat(at.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return FileState();
    return Failed("look at", at);
  }
  if (S_ISLNK(info.st_mode)) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(at, error);
    if (error) return Error{ErrorCode::kUnavailable, "read " + at + ": " + error.message()};
    return LinkTo(target.string());
  }
  auto text = ReadFile(at, limits::kNodeFileBytes);
  if (!text) return text.error();
  return FileWith(std::move(*text), info.st_mode & 07777);
}

Status Host::Put(std::string_view path, const FileState& state) const {
  const std::string at = Path(path);
  switch (state.kind) {
    case FileState::Kind::kAbsent:
      if (::unlink(at.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) return Failed("remove", at);
      return {};
    case FileState::Kind::kFile:
      return WriteFile(at, state.text, state.mode);
    case FileState::Kind::kLink: {
      const std::string beside = at + ".new";
      ::unlink(beside.c_str());
      if (::symlink(state.text.c_str(), beside.c_str()) != 0) return Failed("make the link", beside);
      if (::rename(beside.c_str(), at.c_str()) != 0) return Failed("rename", beside);
      return {};
    }
  }
  return {};
}

Result<Lock> Lock::Take(const Host& host, bool wait) {
  const std::string path = host.Path(std::string(kState) + "/lock");
  std::error_code ignored;
  std::filesystem::create_directories(host.Path(kState), ignored);
  OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Failed("open", path);
  // The guard looks after each change whether something was left undone, and holds the lock for that moment.
  const auto end = std::chrono::steady_clock::now() + limits::kHealthTime;
  while (::flock(fd.get(), wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      continue;
    }
    return Error{ErrorCode::kUnavailable, "another change to this node is under way (" + path + " is held)"};
  }
  return Lock(std::move(fd));
}

}  // namespace pullseal::install
