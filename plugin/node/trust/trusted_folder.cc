// SPDX-License-Identifier: Apache-2.0
#include "node/trust/trusted_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

#include "node/trust/limits.h"

namespace pullseal::trust {
namespace {

namespace fs = std::filesystem;

Error Unavailable(const std::string& what, int error) {
  return Error{ErrorCode::kUnavailable, what + ": " + ErrnoText(error)};
}

Status SyncFolder(const std::string& path) {
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return Unavailable("sync " + path, errno);
  return {};
}

// Ours, or empty. Whoever gives "/etc" by mistake keeps it.
Status CheckOurs(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (status.type() == fs::file_type::not_found) return {};
  if (status.type() != fs::file_type::directory) {
    return Error{ErrorCode::kUnavailable, path + " is not a folder"};
  }
  const bool empty = fs::is_empty(path, error);
  if (error) return Error{ErrorCode::kUnavailable, "list " + path + ": " + error.message()};
  if (empty || fs::is_regular_file(fs::symlink_status(path + "/" + kMarkFile, error))) return {};
  return Error{ErrorCode::kUnavailable, path + " has files that were not written by this command; give another folder"};
}

std::string Absolute(const std::string& path) {
  std::error_code error;
  fs::path out = fs::weakly_canonical(path, error);
  if (error) out = fs::absolute(path, error);
  // "x/" is "x".
  return out.has_filename() ? out.string() : out.parent_path().string();
}

}  // namespace

Result<TrustedFolder> TrustedFolder::Open(const std::string& path) {
  std::string whole = Absolute(path);
  const std::string above = fs::path(whole).parent_path().string();
  OwnedFd fd(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Unavailable("open " + above, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error == EWOULDBLOCK) return Error{ErrorCode::kUnavailable, above + " is being updated by another process"};
    return Unavailable("lock " + above, error);
  }
  if (auto status = CheckOurs(whole); !status) return status.error();
  return TrustedFolder(std::move(whole), std::move(fd));
}

bool TrustedFolder::Holds(const std::map<std::string, std::string>& files) const {
  for (const auto& [name, content] : files) {
    const auto there = ReadFile(path_ + "/" + name, content.size());
    if (!there || *there != content) return false;
  }
  std::error_code error;
  std::size_t count = 0;
  fs::recursive_directory_iterator entry(path_, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->is_directory(error)) continue;
    if (++count > files.size()) return false;
  }
  return !error && count == files.size();
}

Status TrustedFolder::Exchange(const std::string& fresh) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path_, error))) {
    if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) return {};
    return Unavailable("rename " + fresh, errno);
  }
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0) return {};
  const int number = errno;
  // Over an empty folder a plain rename is one step too.
  if (number == EINVAL && ::rename(fresh.c_str(), path_.c_str()) == 0) return {};
  return Unavailable("exchange " + path_ + " with its successor (the file system must be able to)", number);
}

Status TrustedFolder::Replace(const std::map<std::string, std::string>& files) {
  const fs::path path(path_);
  const std::string fresh = (path.parent_path() / ("." + path.filename().string() + ".new")).string();
  std::error_code error;
  fs::remove_all(fresh, error);  // what a crash left
  const auto fail = [&](Error why) {
    fs::remove_all(fresh, error);
    return why;
  };
  if (::mkdir(fresh.c_str(), 0755) != 0) return Unavailable("make " + fresh, errno);
  if (::mkdir((fresh + "/targets").c_str(), 0755) != 0) return fail(Unavailable("make " + fresh + "/targets", errno));
  for (const auto& [name, content] : files) {
    if (auto status = WriteFile(fresh + "/" + name, content, 0644); !status) return fail(status.error());
  }
  for (const std::string& folder : {fresh + "/targets", fresh}) {
    if (auto status = SyncFolder(folder); !status) return fail(status.error());
  }
  if (auto status = Exchange(fresh); !status) return fail(status.error());
  if (::fsync(above_.get()) != 0) return Unavailable("sync the folder above " + path_, errno);
  fs::remove_all(fresh, error);  // the old one by now; the next update removes what is left
  return {};
}

}  // namespace pullseal::trust
