// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "core/base/file.h"
#include "node/trust/archive.h"
#include "node/trust/limits.h"
#include "node/trust/mirror.h"
#include "node/trust/names.h"

namespace pullseal::trust {
namespace {

constexpr char kTimestamp[] = "timestamp.json";

// "a/b/" of "a/b/c"; empty at the top.
std::string FolderOf(const std::string& name) { return name.substr(0, name.rfind('/') + 1); }

}  // namespace

FolderMirror::FolderMirror(const std::string& folder) : metadata_(folder), targets_(folder + "/targets") {
  // python-tuf and tuf-on-ci publish the two beside each other.
  const std::string beside = folder + "/metadata";
  const auto at_top = ReadFile(folder + "/" + kTimestamp, limits::kTrustTimestampBytes);
  if (!at_top && ReadFile(beside + "/" + kTimestamp, limits::kTrustTimestampBytes)) metadata_ = beside;
}

Result<std::string> FolderMirror::Metadata(const std::string& file, std::size_t most) {
  return ReadFile(metadata_ + "/" + file, most);
}

Result<std::string> FolderMirror::Target(const std::string& path, std::size_t most) {
  // In folders that were written by us a name is one file, whatever stands in it.
  auto quoted = ReadFile(targets_ + "/" + Quoted(path), most);
  if (quoted || quoted.error().code != ErrorCode::kNotFound) return quoted;
  return ReadFile(targets_ + "/" + path, most);
}

Result<std::unique_ptr<ArchiveMirror>> ArchiveMirror::Open(const std::string& path) {
  auto bytes = ReadFile(path, limits::kTrustArchiveBytes);
  if (!bytes) return bytes.error();
  std::unique_ptr<ArchiveMirror> out(new ArchiveMirror());
  out->bytes_ = std::move(bytes).value();
  auto files = ReadArchive(out->bytes_);
  if (!files) return files.error().In(path);
  out->files_ = std::move(files).value();
  // The mirror is where the timestamp nearest to the top is.
  const std::string* found = nullptr;
  for (const auto& [name, content] : out->files_) {
    if (name != FolderOf(name) + kTimestamp) continue;
    const auto depth = [](const std::string& text) { return std::count(text.begin(), text.end(), '/'); };
    if (found == nullptr || depth(name) < depth(*found)) found = &name;
  }
  if (found == nullptr) return Error{ErrorCode::kInvalid, path + " has no timestamp.json: it is no mirror"};
  out->metadata_ = FolderOf(*found);
  const bool beside = out->metadata_ == "metadata/" || out->metadata_.ends_with("/metadata/");
  const std::string top =
      beside ? out->metadata_.substr(0, out->metadata_.size() - std::string_view("metadata/").size()) : out->metadata_;
  out->targets_ = top + "targets/";
  return out;
}

Result<std::string> ArchiveMirror::Get(const std::string& name, std::size_t most) const {
  const auto found = files_.find(name);
  if (found == files_.end()) return Error{ErrorCode::kNotFound, "the archive has no " + name};
  if (found->second.size() > most) {
    return Error{ErrorCode::kLimit, name + " is larger than " + std::to_string(most) + " bytes"};
  }
  return std::string(found->second);
}

Result<std::string> ArchiveMirror::Metadata(const std::string& file, std::size_t most) {
  return Get(metadata_ + file, most);
}

Result<std::string> ArchiveMirror::Target(const std::string& path, std::size_t most) {
  auto quoted = Get(targets_ + Quoted(path), most);
  if (quoted || quoted.error().code != ErrorCode::kNotFound) return quoted;
  return Get(targets_ + path, most);
}

}  // namespace pullseal::trust
