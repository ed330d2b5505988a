// SPDX-License-Identifier: Apache-2.0
#include "node/install/transaction.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "core/base/bytes.h"
#include "core/json/value.h"
#include "node/install/limits.h"

namespace pullseal::install {
namespace {

std::string_view KindText(FileState::Kind kind) {
  switch (kind) {
    case FileState::Kind::kAbsent:
      return "absent";
    case FileState::Kind::kFile:
      return "file";
    case FileState::Kind::kLink:
      return "link";
  }
  return "absent";
}

Error Unreadable(const std::string& what) {
  return Error{ErrorCode::kInvalid, "what was written down about this node cannot be read: " + what};
}

Result<FileState> StateFromJson(const json::Value& value) {
  const std::string* kind = value.FindString("kind");
  const std::string* text = value.FindString("text");
  const json::Value* mode = value.Find("mode");
  if (kind == nullptr || text == nullptr || mode == nullptr || !mode->integer()) return Unreadable("a path's state");
  auto bytes = Base64Decode(*text);
  if (!bytes) return Unreadable(bytes.error().message);
  FileState out;
  out.text.assign(bytes->begin(), bytes->end());
  out.mode = static_cast<unsigned>(*mode->integer()) & 07777;
  if (*kind == "file") {
    out.kind = FileState::Kind::kFile;
  } else if (*kind == "link") {
    out.kind = FileState::Kind::kLink;
  } else if (*kind != "absent") {
    return Unreadable("a path's kind");
  }
  return out;
}

// The folders above `path` that are not there, outermost first.
void AddMissingFolders(const Host& host, const std::string& path, std::vector<std::string>& out) {
  std::vector<std::string> missing;
  for (std::filesystem::path folder = std::filesystem::path(path).parent_path(); folder != folder.root_path();
       folder = folder.parent_path()) {
    if (host.Exists(folder.string())) break;
    missing.push_back(folder.string());
  }
  for (auto one = missing.rbegin(); one != missing.rend(); ++one) {
    if (std::find(out.begin(), out.end(), *one) == out.end()) out.push_back(*one);
  }
}

}  // namespace

std::string ToJson(const Record& record) {
  std::string paths;
  for (const auto& [path, state] : record.before) {
    json::Writer one;
    one.Text("path", path).Text("kind", KindText(state.kind)).Text("text", Base64Encode(AsBytes(state.text)));
    one.Number("mode", state.mode);
    paths += (paths.empty() ? "" : ",") + one.Finish();
  }
  std::string folders;
  for (const std::string& folder : record.folders) folders += (folders.empty() ? "" : ",") + json::Quote(folder);
  json::Writer out;
  out.Raw("before", "[" + paths + "]").Raw("folders", "[" + folders + "]");
  return out.Finish();
}

Result<Record> RecordFromJson(std::string_view text) {
  const auto parsed = json::Parse(text);
  if (!parsed) return Unreadable(parsed.error().message);
  const json::Value* before = parsed->Find("before");
  const json::Value* folders = parsed->Find("folders");
  if (before == nullptr || before->array() == nullptr || folders == nullptr || folders->array() == nullptr) {
    return Unreadable("no list of paths");
  }
  Record out;
  for (const json::Value& one : *before->array()) {
    const std::string* path = one.FindString("path");
    auto state = StateFromJson(one);
    if (!state) return state.error();
    if (path == nullptr || !path->starts_with('/')) return Unreadable("a path");
    out.before.emplace(*path, std::move(*state));
  }
  for (const json::Value& one : *folders->array()) {
    if (one.string() == nullptr || !one.string()->starts_with('/')) return Unreadable("a folder");
    out.folders.push_back(*one.string());
  }
  return out;
}

Status PutBack(const Host& host, const Record& record) {
  for (const auto& [path, state] : record.before) {
    auto now = host.Look(path);
    if (!now) return now.error();
    if (*now == state) continue;
    if (state.kind != FileState::Kind::kAbsent) {
      std::error_code ignored;
      std::filesystem::create_directories(host.Path(std::filesystem::path(path).parent_path().string()), ignored);
    }
    if (const Status put = host.Put(path, state); !put) return put;
  }
  for (auto folder = record.folders.rbegin(); folder != record.folders.rend(); ++folder) {
    ::rmdir(host.Path(*folder).c_str());  // stays if somebody else put something there
  }
  return {};
}

Result<Transaction> Transaction::Begin(const Host& host, std::string kind, std::string from, std::string to,
                                       std::vector<Change> changes) {
  Transaction out;
  out.kind_ = std::move(kind);
  out.from_ = std::move(from);
  out.to_ = std::move(to);
  out.step_ = "begin";
  for (const Change& change : changes) {
    auto before = host.Look(change.path);
    if (!before) return before.error();
    out.record_.before.emplace(change.path, std::move(*before));
    if (change.after.kind != FileState::Kind::kAbsent) AddMissingFolders(host, change.path, out.record_.folders);
  }
  out.changes_ = std::move(changes);
  if (const Status saved = out.Save(host); !saved) return saved.error();
  return out;
}

Result<std::optional<Transaction>> Transaction::Find(const Host& host) {
  auto text = ReadFile(host.Path(kFile), limits::kTransactionBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::optional<Transaction>();
  if (!text) return text.error();
  const auto parsed = json::Parse(*text);
  const auto member = [&](std::string_view name) {
    const std::string* found = parsed ? parsed->FindString(name) : nullptr;
    return found != nullptr ? *found : std::string();
  };
  auto record = RecordFromJson(member("record"));
  if (!record) return record.error().In(std::string(kFile));
  Transaction out;
  out.kind_ = member("kind");
  out.from_ = member("from");
  out.to_ = member("to");
  out.step_ = member("step");
  out.record_ = std::move(*record);
  return std::optional(std::move(out));
}

bool Transaction::Touches(std::string_view prefix) const {
  return std::any_of(record_.before.begin(), record_.before.end(), [&](const auto& one) {
    if (!one.first.starts_with(prefix)) return false;
    const auto change =
        std::find_if(changes_.begin(), changes_.end(), [&](const Change& wanted) { return wanted.path == one.first; });
    return change == changes_.end() || change->after != one.second;
  });
}

Status Transaction::Enter(const Host& host, std::string step) {
  step_ = std::move(step);
  return Save(host);
}

Status Transaction::Apply(const Host& host, const std::function<bool(const std::string& path)>& wanted) {
  for (const std::string& folder : record_.folders) {
    std::error_code ignored;
    std::filesystem::create_directory(host.Path(folder), ignored);
  }
  for (const Change& change : changes_) {
    if (!wanted(change.path)) continue;
    auto now = host.Look(change.path);
    if (!now) return now.error();
    if (*now == change.after) continue;
    if (const Status put = host.Put(change.path, change.after); !put) return put;
  }
  return {};
}

Status Transaction::PutBack(const Host& host) const { return install::PutBack(host, record_); }

Status Transaction::End(const Host& host) const { return host.Put(kFile, FileState()); }

Status Transaction::Save(const Host& host) const {
  json::Writer out;
  out.Text("kind", kind_).Text("from", from_).Text("to", to_).Text("step", step_).Text("record", ToJson(record_));
  return WriteFile(host.Path(kFile), out.Finish() + "\n", 0600);
}

}  // namespace pullseal::install
