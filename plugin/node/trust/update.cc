// SPDX-License-Identifier: Apache-2.0
#include "node/trust/update.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/base/file.h"
#include "core/json/value.h"
#include "node/trust/client.h"
#include "node/trust/limits.h"
#include "node/trust/names.h"
#include "node/trust/trusted_folder.h"

namespace pullseal::trust {
namespace {

using tuf::Role;
using Files = std::map<std::string, std::string>;

// The set at the given root, moved on along the roots that the folder has.
struct Begun {
  tuf::TrustedSet set;
  Files roots;  // by file name
};

Attempt<Begun> Begin(const UpdateRequest& request, const TrustedFolder& folder) {
  auto root = ReadFile(request.root, tuf::MostBytes(Role::kRoot));
  if (!root) return root.error();
  auto set = tuf::TrustedSet::Start(*root, request.now, request.ends);
  if (!set) return tuf::Refusal{tuf::Reason::kMalformed, "root", 0, request.root + " " + set.error().message};
  Begun out{std::move(set).value(), {}};
  out.roots[MetadataFile("root", out.set.root().version)] = std::move(root).value();
  for (int step = 0; step < limits::kTrustRootSteps; ++step) {
    const std::string name = MetadataFile("root", out.set.root().version + 1);
    auto next = ReadFile(folder.path() + "/" + name, tuf::MostBytes(Role::kRoot));
    if (!next && next.error().code == ErrorCode::kNotFound) return out;
    if (!next) return next.error();
    if (auto verdict = out.set.TakeRoot(*next); !verdict) {
      tuf::Refusal refusal = verdict.refusal();
      refusal.message = folder.path() + "/" + name + " does not follow from " + request.root + ": " + refusal.message +
                        "; is the folder another repository's?";
      return refusal;
    }
    out.roots[name] = std::move(next).value();
  }
  return out;
}

// No two files of the folder may be one: names are others' choice.
Done Add(Files& files, const std::string& name, const std::string& content) {
  const auto [at, fresh] = files.emplace(name, content);
  if (fresh || at->second == content) return Success();
  return tuf::Refusal{tuf::Reason::kMalformed, "targets", 0, "two files would be called " + Printable(name, 256)};
}

std::vector<std::string> Wanted(const UpdateRequest& request, const Client& client) {
  if (!request.targets.empty()) return request.targets;
  std::vector<std::string> out;
  for (const auto& [name, info] : client.set().targets("targets")->targets) out.push_back(name);
  return out;
}

// A target that the folder has already, if it still is what is promised.
std::optional<std::string> AtHand(const TrustedFolder& folder, const std::string& name, const tuf::TargetInfo& info) {
  if (static_cast<std::uint64_t>(info.length) > limits::kTrustTargetBytes) return std::nullopt;
  auto bytes = ReadFile(folder.path() + "/targets/" + Quoted(name), static_cast<std::size_t>(info.length));
  if (!bytes || !tuf::CheckTarget(*bytes, info, name)) return std::nullopt;
  return std::move(bytes).value();
}

Done AddTargets(const UpdateRequest& request, const TrustedFolder& folder, Client& client, Files& files,
                UpdateReport& report) {
  const std::vector<std::string> wanted = Wanted(request, client);
  if (wanted.size() > limits::kTrustTargets) {
    return Error{ErrorCode::kLimit, "the repository lists " + std::to_string(wanted.size()) +
                                        " targets; name those that are wanted (--target)"};
  }
  std::size_t total = 0;
  for (const std::string& name : wanted) {
    const auto info = client.Find(name);
    if (!info) return info.failure();
    std::optional<std::string> bytes = AtHand(folder, name, *info);
    if (!bytes) {
      auto fetched = client.Fetch(name, *info);
      if (!fetched) return fetched.failure();
      bytes = std::move(*fetched);
    }
    total += bytes->size();
    if (total > limits::kTrustAllTargetBytes) {
      return Error{ErrorCode::kLimit, "the targets are too large together; name those that are wanted (--target)"};
    }
    const std::string file = "targets/" + Quoted(name);
    if (auto done = Add(files, file, *bytes); !done) return done;
    if (auto done = Add(files, "targets/" + Quoted(client.PathOf(name, *info)), *bytes); !done) return done;
    report.targets.push_back(UpdateReport::Target{name, file, info->length});
  }
  return Success();
}

Done AddMetadata(const Client& client, Files& files) {
  for (const auto& [version, bytes] : client.roots()) {
    if (auto done = Add(files, MetadataFile("root", version), bytes); !done) return done;
  }
  const tuf::TrustedSet& set = client.set();
  for (const auto& [role, bytes] : client.files()) {
    std::int64_t version = 0;
    if (role == "snapshot") version = set.snapshot()->version;
    if (const tuf::Targets* targets = set.targets(role); targets != nullptr) version = targets->version;
    if (!set.root().consistent_snapshot) version = 0;
    if (auto done = Add(files, MetadataFile(role, version), bytes); !done) return done;
  }
  return Success();
}

// What the folder says of itself; nothing is decided by it but that the folder is ours.
std::string Mark(const UpdateReport& report) {
  std::string targets;
  for (const UpdateReport::Target& target : report.targets) {
    json::Writer one;
    one.Text("name", target.name).Text("file", target.file).Number("length", target.length);
    targets += (targets.empty() ? "" : ",") + one.Finish();
  }
  json::Writer out;
  out.Text("format", "pullseal-trust/1").Number("root", report.root).Number("timestamp", report.timestamp);
  out.Number("snapshot", report.snapshot).Number("targets", report.targets_version);
  return out.Raw("files", "[" + targets + "]").Finish() + "\n";
}

}  // namespace

Attempt<UpdateReport> Update(const UpdateRequest& request, Mirror& mirror) {
  auto folder = TrustedFolder::Open(request.out);
  if (!folder) return folder.error();
  auto begun = Begin(request, *folder);
  if (!begun) return begun.failure();
  ReadOnlyCopies copies(folder->path());
  Client client(std::move(begun->set), mirror, copies);
  if (auto done = client.Refresh(); !done) return done.failure();
  UpdateReport report;
  Files files = std::move(begun->roots);
  if (auto done = AddTargets(request, *folder, client, files, report); !done) return done.failure();
  if (auto done = AddMetadata(client, files); !done) return done.failure();
  const tuf::TrustedSet& set = client.set();
  report.root = set.root().version;
  report.root_end = set.root().expires;
  report.timestamp = set.timestamp()->version;
  report.timestamp_end = set.timestamp()->expires;
  report.snapshot = set.snapshot()->version;
  report.targets_version = set.targets("targets")->version;
  report.ended = set.ended();
  if (auto done = Add(files, kMarkFile, Mark(report)); !done) return done.failure();
  if (folder->Holds(files)) return report;
  if (auto status = folder->Replace(files); !status) return status.error();
  report.changed = true;
  return report;
}

}  // namespace pullseal::trust
