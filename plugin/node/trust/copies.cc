// SPDX-License-Identifier: Apache-2.0
#include "node/trust/copies.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "core/base/file.h"
#include "node/trust/limits.h"
#include "node/trust/names.h"

namespace pullseal::trust {
namespace {

Result<std::optional<std::string>> ReadIfThere(const std::string& path, std::size_t most) {
  auto bytes = ReadFile(path, most);
  if (bytes) return std::optional(std::move(bytes).value());
  if (bytes.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
  return bytes.error();
}

// Whether `name` is "N." and `ending`, with a version in place of N.
bool IsVersioned(const std::string& name, const std::string& ending) {
  const std::size_t dot = name.find('.');
  return dot != std::string::npos && dot > 0 && name.find_first_not_of("0123456789") == dot &&
         name.substr(dot + 1) == ending;
}

}  // namespace

std::string FolderCopies::Path(const std::string& role) const { return folder_ + "/" + MetadataFile(role, 0); }

Result<std::optional<std::string>> FolderCopies::Load(const std::string& role, std::size_t most) {
  return ReadIfThere(Path(role), most);
}

Status FolderCopies::Save(const std::string& role, const std::string& bytes) {
  return WriteFile(Path(role), bytes, 0644);
}

Status FolderCopies::Forget(const std::string& role) {
  if (::unlink(Path(role).c_str()) == 0 || errno == ENOENT) return {};
  return Error{ErrorCode::kUnavailable, "remove " + Path(role) + ": " + ErrnoText(errno)};
}

Result<std::optional<std::string>> ReadOnlyCopies::Load(const std::string& role, std::size_t most) {
  const std::string plain = MetadataFile(role, 0);
  if (forgotten_.contains(role)) return std::optional<std::string>();
  auto bytes = ReadIfThere(folder_ + "/" + plain, most);
  if (!bytes || *bytes) return bytes;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder_, error);
  for (std::size_t seen = 0; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (++seen > limits::kTrustArchiveEntries) return Error{ErrorCode::kLimit, folder_ + " has too many files"};
    if (IsVersioned(entry->path().filename().string(), plain)) return ReadIfThere(entry->path().string(), most);
  }
  if (!error || error == std::errc::no_such_file_or_directory) return std::optional<std::string>();
  return Error{ErrorCode::kUnavailable, "list " + folder_ + ": " + error.message()};
}

Status ReadOnlyCopies::Forget(const std::string& role) {
  forgotten_.insert(role);
  return {};
}

}  // namespace pullseal::trust
