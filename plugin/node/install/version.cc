// SPDX-License-Identifier: Apache-2.0
#include "node/install/version.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "core/base/bytes.h"
#include "core/crypto/hash.h"
#include "node/install/limits.h"

namespace pullseal::install {
namespace {

namespace fs = std::filesystem;

struct Listed {
  std::string sha256;
  std::string path;  // absolute within the image
};

bool IsVersion(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.front() != '.' &&
         text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+") ==
             std::string_view::npos;
}

// Paths come from the image's own list; one that leads out of the folder is a broken list.
bool IsInside(std::string_view path) {
  return path.size() > 2 && path.starts_with("./") && path.find("/../") == std::string_view::npos &&
         !path.ends_with("/..");
}

Result<std::vector<Listed>> ReadList(const std::string& folder) {
  auto text = ReadFile(folder + std::string(kSums), limits::kNodeFileBytes);
  if (!text) return text.error();
  std::vector<Listed> out;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.size() < 67 || line.substr(64, 2) != "  " || !IsInside(line.substr(66))) {
      return Error{ErrorCode::kInvalid, folder + std::string(kSums) + ": a line is no \"SHA256  ./PATH\""};
    }
    if (out.size() >= limits::kImageFiles) return Error{ErrorCode::kLimit, "the image has too many files"};
    out.push_back(Listed{std::string(line.substr(0, 64)), std::string(line.substr(67))});
  }
  if (out.empty()) return Error{ErrorCode::kInvalid, folder + std::string(kSums) + " is empty"};
  return out;
}

std::string HashOf(std::string_view text) { return HexEncode(crypto::Digest(crypto::Hash::kSha256, AsBytes(text))); }

Status CheckFile(const std::string& folder, const Listed& one) {
  auto text = ReadFile(folder + one.path, limits::kImageFileBytes);
  if (!text) return Error{ErrorCode::kMismatch, text.error().message};
  if (HashOf(*text) != one.sha256)
    return Error{ErrorCode::kMismatch, folder + one.path + " is not the file of this version"};
  return {};
}

// Copies `from` and gives it the same mode; links are copied as links.
Status CopyOne(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directories(fs::path(to).parent_path(), error);
  if (!error) fs::copy(from, to, fs::copy_options::copy_symlinks, error);
  if (error) return Error{ErrorCode::kUnavailable, "copy " + from + " to " + to + ": " + error.message()};
  return {};
}

// Symbolic links are not in the list of sums; they are listed beside it, "TARGET\tPATH" a line.
Status CopyLinks(const std::string& source, const std::string& to) {
  auto text = ReadFile(source + "/usr/share/pullseal/links", limits::kNodeFileBytes);
  if (!text) return text.error();
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos || !IsInside(line.substr(tab + 1))) {
      return Error{ErrorCode::kInvalid, "a line of the image's links is no \"TARGET, tab, ./PATH\""};
    }
    const std::string path = to + std::string(line.substr(tab + 2));
    std::error_code error;
    fs::create_directories(fs::path(path).parent_path(), error);
    if (!error) fs::create_symlink(std::string(line.substr(0, tab)), path, error);
    if (error) return Error{ErrorCode::kUnavailable, "make the link " + path + ": " + error.message()};
  }
  return {};
}

Status CopyVersion(const std::string& source, const std::string& to) {
  auto list = ReadList(source);
  if (!list) return list.error();
  for (const Listed& one : *list) {
    if (const Status copied = CopyOne(source + one.path, to + one.path); !copied) return copied;
  }
  for (const std::string_view name : {kSums, kVersionFile}) {
    if (const Status copied = CopyOne(source + std::string(name), to + std::string(name)); !copied) return copied;
  }
  // Where the daemon's mounts go.
  for (const char* name : {"/proc", "/sys", "/dev", "/run", "/tmp", "/etc", "/var/lib", "/var/log", "/run/containerd",
                           "/var/lib/pullseal", "/var/log/pullseal", "/run/systemd/resolve", "/var/tmp", "/root",
                           "/home", "/var/lib/kubelet/credential-provider"}) {
    std::error_code error;
    fs::create_directories(to + name, error);
    if (error) return Error{ErrorCode::kUnavailable, "make " + to + name + ": " + error.message()};
  }
  return CopyLinks(source, to);
}

}  // namespace

Result<std::string> VersionOf(const std::string& folder) {
  auto text = ReadFile(folder + std::string(kVersionFile), 256);
  if (!text) return Error{ErrorCode::kInvalid, folder + " is no root of a pullseal image: " + text.error().message};
  while (!text->empty() && text->back() == '\n') text->pop_back();
  if (!IsVersion(*text)) return Error{ErrorCode::kInvalid, folder + std::string(kVersionFile) + " names no version"};
  return *text;
}

std::string VersionFolder(const std::string& version) { return std::string(kFolder) + "/versions/" + version; }

Status CheckVersion(const std::string& folder) {
  auto version = VersionOf(folder);
  if (!version) return version.error();
  auto sums = ReadFile(folder + std::string(kSums), limits::kNodeFileBytes);
  if (!sums) return Error{ErrorCode::kMismatch, sums.error().message};
  if (!version->ends_with("-" + HashOf(*sums).substr(0, 12))) {
    return Error{ErrorCode::kMismatch, folder + std::string(kSums) + " is not the list of version " + *version};
  }
  auto list = ReadList(folder);
  if (!list) return list.error();
  for (const Listed& one : *list) {
    if (const Status good = CheckFile(folder, one); !good) return good;
  }
  return {};
}

Result<std::string> Stage(const Host& host, const std::string& source) {
  auto version = VersionOf(source);
  if (!version) return version;
  const std::string folder = host.Path(VersionFolder(*version));
  std::error_code error;
  if (fs::exists(folder, error)) {
    const Status good = CheckVersion(folder);
    if (good) return version;
    if (LinkedVersion(host, kCurrent) == *version && fs::equivalent(folder, source.empty() ? "/" : source, error)) {
      return good.error();
    }
  }
  const std::string beside = host.Path(std::string(kFolder) + "/versions/.new-" + *version);
  fs::remove_all(beside, error);
  fs::create_directories(beside, error);
  if (error) return Error{ErrorCode::kUnavailable, "make " + beside + ": " + error.message()};
  fs::permissions(beside, fs::perms(0755), error);
  Status copied = CopyVersion(source, beside);
  if (copied) copied = CheckVersion(beside);
  if (!copied) {
    fs::remove_all(beside, error);
    return copied.error().In("unpack version " + *version);
  }
  ::sync();
  fs::remove_all(folder, error);
  fs::rename(beside, folder, error);
  if (error) return Error{ErrorCode::kUnavailable, "rename " + beside + ": " + error.message()};
  return version;
}

void DropVersions(const Host& host, const std::vector<std::string>& keep) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(host.Path(std::string(kFolder) + "/versions"), error)) {
    const std::string name = entry.path().filename().string();
    if (std::find(keep.begin(), keep.end(), name) == keep.end()) fs::remove_all(entry.path(), error);
  }
}

std::string LinkedVersion(const Host& host, std::string_view link) {
  const auto state = host.Look(link);
  if (!state || state->kind != FileState::Kind::kLink) return {};
  return fs::path(state->text).filename().string();
}

}  // namespace pullseal::install
