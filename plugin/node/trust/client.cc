// SPDX-License-Identifier: Apache-2.0
#include "node/trust/client.h"

#include <utility>

#include "node/trust/limits.h"
#include "node/trust/names.h"

namespace pullseal::trust {
namespace {

using tuf::Origin;
using tuf::Role;

// More bytes than were promised, or than there may be, are not trouble: the mirror gives what is not trusted.
Failure TooLarge(const std::string& role, bool promised, std::size_t most) {
  return tuf::Refusal{promised ? tuf::Reason::kLength : tuf::Reason::kLimit, role, 0,
                      "has more than " + std::to_string(most) + " bytes"};
}

}  // namespace

Done Client::Keep(const std::string& role, const std::string& bytes) {
  files_[role] = bytes;
  if (auto status = copies_.Save(role, bytes); !status) return status.error();
  return Success();
}

Done Client::WalkRoots() {
  const std::size_t most = tuf::MostBytes(Role::kRoot);
  for (int step = 0; step < limits::kTrustRootSteps; ++step) {
    const std::int64_t next = set_.root().version + 1;
    auto bytes = mirror_.Metadata(MetadataFile("root", next), most);
    if (!bytes && bytes.error().code == ErrorCode::kNotFound) break;
    if (!bytes && bytes.error().code == ErrorCode::kLimit) return TooLarge("root", false, most);
    if (!bytes) return bytes.error();
    if (auto verdict = set_.TakeRoot(*bytes); !verdict) return verdict.refusal();
    // Before the root that says so is kept: a crash in between forgets too much, never too little.
    for (const char* role : {"timestamp", "snapshot"}) {
      if (!set_.recovered()) break;
      if (auto status = copies_.Forget(role); !status) return status.error();
    }
    if (auto status = copies_.Save("root", *bytes); !status) return status.error();
    roots_[next] = std::move(bytes).value();
  }
  if (auto verdict = set_.EndRoots(); !verdict) return verdict.refusal();
  return Success();
}

Done Client::UpdateTimestamp() {
  const std::size_t most = tuf::MostBytes(Role::kTimestamp);
  auto stored = copies_.Load("timestamp", most);
  if (!stored) return stored.error();
  // What is stored and not trusted any more (its key is gone) guards against nothing.
  if (*stored && set_.TakeTimestamp(**stored, Origin::kStored)) files_["timestamp"] = **stored;
  auto bytes = mirror_.Metadata(MetadataFile("timestamp", 0), most);
  if (!bytes && bytes.error().code == ErrorCode::kLimit) return TooLarge("timestamp", false, most);
  if (!bytes) return bytes.error();
  if (auto verdict = set_.TakeTimestamp(*bytes, Origin::kMirror); !verdict) return verdict.refusal();
  return set_.took_timestamp() ? Keep("timestamp", *bytes) : Success();
}

Attempt<std::string> Client::Get(const std::string& role, const tuf::FileInfo& promised, Role kind) {
  const std::size_t most = tuf::TrustedSet::MostOf(promised, kind);
  const std::int64_t version = set_.root().consistent_snapshot ? promised.version : 0;
  auto bytes = mirror_.Metadata(MetadataFile(role, version), most);
  if (bytes) return std::move(bytes).value();
  if (bytes.error().code == ErrorCode::kLimit) return TooLarge(role, promised.length.has_value(), most);
  return bytes.error();
}

Done Client::UpdateSnapshot() {
  auto stored = copies_.Load("snapshot", tuf::MostBytes(Role::kSnapshot));
  if (!stored) return stored.error();
  if (*stored && set_.TakeSnapshot(**stored, Origin::kStored)) {
    files_["snapshot"] = **stored;
    return Success();
  }
  auto bytes = Get("snapshot", set_.timestamp()->snapshot, Role::kSnapshot);
  if (!bytes) return bytes.failure();
  if (auto verdict = set_.TakeSnapshot(*bytes, Origin::kMirror); !verdict) return verdict.refusal();
  return Keep("snapshot", *bytes);
}

tuf::Verdict Client::Take(const std::string& bytes, const std::string& role, const std::string& delegator) {
  return delegator.empty() ? set_.TakeTargets(bytes) : set_.TakeDelegated(bytes, role, delegator);
}

Done Client::UpdateTargets(const std::string& role, const std::string& delegator) {
  const tuf::FileInfo* promised = set_.Promised(role);
  if (promised == nullptr) {
    return tuf::Refusal{tuf::Reason::kMissingInSnapshot, role, 0, "is not listed by the snapshot"};
  }
  // Verified anew though it was trusted before: another role may delegate to it now.
  std::optional<std::string> known;
  if (const auto found = files_.find(role); found != files_.end()) {
    known = found->second;
  } else {
    auto stored = copies_.Load(role, tuf::MostBytes(Role::kTargets));
    if (!stored) return stored.error();
    known = std::move(stored).value();
  }
  if (known && Take(*known, role, delegator)) {
    files_[role] = *known;
    return Success();
  }
  auto bytes = Get(role, *promised, Role::kTargets);
  if (!bytes) return bytes.failure();
  if (auto verdict = Take(*bytes, role, delegator); !verdict) return verdict.refusal();
  return Keep(role, *bytes);
}

Done Client::Refresh() {
  if (auto done = WalkRoots(); !done) return done;
  if (auto done = UpdateTimestamp(); !done) return done;
  if (auto done = UpdateSnapshot(); !done) return done;
  return UpdateTargets("targets", "");
}

Attempt<tuf::TargetInfo> Client::Find(const std::string& target) {
  if (auto verdict = tuf::CheckTargetName(target); !verdict) return verdict.refusal();
  tuf::TargetSearch search(target);
  while (const auto step = search.Next()) {
    // The top role is there since Refresh; a delegated one is taken for this search.
    if (!step->delegator.empty()) {
      if (auto done = UpdateTargets(step->role, step->delegator); !done) return done.failure();
    }
    if (const tuf::TargetInfo* info = search.Look(set_)) return *info;
  }
  return search.NotFound();
}

std::string Client::PathOf(const std::string& target, const tuf::TargetInfo& info) const {
  if (!set_.root().consistent_snapshot || info.hashes.empty()) return target;
  return TargetPath(target, HexEncode(info.hashes.begin()->second));
}

Attempt<std::string> Client::Fetch(const std::string& target, const tuf::TargetInfo& info) {
  if (static_cast<std::uint64_t>(info.length) > limits::kTrustTargetBytes) {
    return tuf::Refusal{tuf::Reason::kLimit, "targets", 0, "target " + Printable(target, 128) + " is too large"};
  }
  // Nothing is asked for that no hash could prove.
  if (info.hashes.empty()) {
    return tuf::Refusal{tuf::Reason::kHash, "targets", 0,
                        "target " + Printable(target, 128) + " is promised by no hash that is known here"};
  }
  const auto most = static_cast<std::size_t>(info.length);
  auto bytes = mirror_.Target(PathOf(target, info), most);
  if (!bytes && bytes.error().code == ErrorCode::kLimit) return TooLarge("targets", true, most);
  if (!bytes) return bytes.error();
  if (auto verdict = tuf::CheckTarget(*bytes, info, target); !verdict) return verdict.refusal();
  return std::move(bytes).value();
}

}  // namespace pullseal::trust
