// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/trusted_set.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/bytes.h"
#include "verify/tuf/delegations.h"
#include "verify/tuf/limits.h"
#include "verify/tuf/threshold.h"

namespace pullseal::tuf {
namespace {

constexpr char kTargets[] = "targets";

Refusal Refuse(Reason reason, const std::string& role, std::int64_t version, std::string message) {
  return Refusal{reason, Printable(role, limits::kTrustRoleNameBytes), version, std::move(message)};
}

Refusal Unreadable(const Error& error, const std::string& role, std::int64_t version = 0) {
  const Reason reason = error.code == ErrorCode::kLimit ? Reason::kLimit : Reason::kMalformed;
  return Refuse(reason, role, version, error.message);
}

// What the bytes are, once read both as an envelope and as what the role's files are.
template <typename Body>
struct Opened {
  Envelope envelope;
  Body body;
};

template <typename Body>
using Outcome = std::variant<Opened<Body>, Refusal>;

template <typename Body>
Outcome<Body> Open(std::string_view bytes, const std::string& name, Role role,
                   Result<Body> (*read)(const json::Value&)) {
  if (bytes.size() > MostBytes(role)) return Refuse(Reason::kLimit, name, 0, "is larger than any such file may be");
  auto envelope = Envelope::Parse(bytes);
  if (!envelope) return Unreadable(envelope.error(), name);
  auto body = read(envelope->content);
  if (!body) return Unreadable(body.error(), name, VersionOf(envelope->content));
  return Opened<Body>{std::move(envelope).value(), std::move(body).value()};
}

// Whether a key that signed for the role before does not any more.
bool LostKey(const Root& before, const Root& after, Role role) {
  const auto identities = [&](const Root& root) {
    std::set<std::string> out;
    for (const std::string& keyid : root.For(role).keyids) {
      const auto found = root.keys.find(keyid);
      // A key that we cannot use is known by its name alone.
      out.insert(found != root.keys.end() && found->second ? found->second->Identity() : "keyid " + keyid);
    }
    return out;
  };
  const auto kept = identities(after);
  const auto had = identities(before);
  return std::any_of(had.begin(), had.end(), [&](const std::string& one) { return !kept.contains(one); });
}

}  // namespace

Verdict CheckFile(std::string_view bytes, std::optional<std::int64_t> length, const std::optional<Hashes>& hashes,
                  const std::string& role) {
  if (length && bytes.size() != static_cast<std::uint64_t>(*length)) {
    return Refuse(Reason::kLength, role, 0,
                  "has " + std::to_string(bytes.size()) + " bytes, promised are " + std::to_string(*length));
  }
  if (!hashes) return {};
  if (hashes->empty()) return Refuse(Reason::kHash, role, 0, "is promised by no hash that is known here");
  for (const auto& [hash, wanted] : *hashes) {
    if (crypto::Digest(hash, AsBytes(bytes)) != wanted) {
      return Refuse(Reason::kHash, role, 0, "does not have the hash that was promised: " + HexEncode(wanted));
    }
  }
  return {};
}

Verdict CheckTarget(std::string_view bytes, const TargetInfo& info, const std::string& name) {
  const Verdict verdict = CheckFile(bytes, info.length, info.hashes, kTargets);
  if (verdict) return {};
  Refusal refusal = verdict.refusal();
  refusal.message = "target " + Printable(name, limits::kTrustNameBytes) + " " + refusal.message;
  return refusal;
}

Result<TrustedSet> TrustedSet::Start(std::string_view root, WallTime now, Ends ends) {
  if (root.size() > MostBytes(Role::kRoot)) return Error{ErrorCode::kLimit, "is larger than a root may be"};
  auto envelope = Envelope::Parse(root);
  if (!envelope) return envelope.error();
  auto body = ReadRoot(envelope->content);
  if (!body) return body.error();
  const Signers signers = CountSigners(*envelope, body->keys, body->For(Role::kRoot));
  if (!signers.enough()) {
    return Error{ErrorCode::kInvalid, "is signed by " + std::to_string(signers.good) +
                                          " of its own root keys, needed are " + std::to_string(signers.wanted)};
  }
  return TrustedSet(std::move(body).value(), now, ends);
}

Verdict TrustedSet::CheckSigners(const Envelope& envelope, const Keys& keys, const RoleKeys& role,
                                 const std::string& name) const {
  const Signers signers = CountSigners(envelope, keys, role);
  if (signers.enough()) return {};
  return Refuse(
      signers.good == 0 ? Reason::kSignature : Reason::kThreshold, name, VersionOf(envelope.content),
      "is signed by " + std::to_string(signers.good) + " of its keys, needed are " + std::to_string(signers.wanted));
}

Verdict TrustedSet::CheckEnd(const Common& common, const std::string& role) {
  if (common.expires > now_) return {};
  if (ends_ == Ends::kTakeUnsafe) {
    std::erase_if(ended_, [&](const Ended& one) { return one.role == role; });
    ended_.push_back(Ended{role, common.expires});
    return {};
  }
  return Refuse(Reason::kExpired, role, common.version,
                "ended on " + FormatTime(common.expires).substr(0, 19) + "Z, and the time is " +
                    FormatTime(now_).substr(0, 19) + "Z");
}

Verdict TrustedSet::TakeRoot(std::string_view bytes) {
  const std::string name(Text(Role::kRoot));
  if (roots_ended_) return Refuse(Reason::kMalformed, name, 0, "comes after the last root");
  auto opened = Open<Root>(bytes, name, Role::kRoot, ReadRoot);
  if (auto* refusal = std::get_if<Refusal>(&opened)) return *refusal;
  auto& [envelope, next] = std::get<Opened<Root>>(opened);
  // 5.3.4: a threshold of the trusted root's keys, and a threshold of its own.
  if (auto verdict = CheckSigners(envelope, root_.keys, root_.For(Role::kRoot), name); !verdict) return verdict;
  if (auto verdict = CheckSigners(envelope, next.keys, next.For(Role::kRoot), name); !verdict) return verdict;
  // 5.3.5: neither an older one again nor one left out.
  if (next.version != root_.version + 1) {
    return Refuse(Reason::kVersionMismatch, name, next.version,
                  "is version " + std::to_string(next.version) + ", not " + std::to_string(root_.version + 1));
  }
  // 5.3.11.
  recovered_ = LostKey(root_, next, Role::kTimestamp) || LostKey(root_, next, Role::kSnapshot);
  root_ = std::move(next);
  return {};
}

Verdict TrustedSet::EndRoots() {
  if (auto verdict = CheckEnd(root_, std::string(Text(Role::kRoot))); !verdict) return verdict;
  roots_ended_ = true;
  return {};
}

Verdict TrustedSet::TakeTimestamp(std::string_view bytes, Origin origin) {
  const std::string name(Text(Role::kTimestamp));
  took_timestamp_ = false;
  if (!roots_ended_ || snapshot_current_) return Refuse(Reason::kMalformed, name, 0, "comes out of order");
  auto opened = Open<Timestamp>(bytes, name, Role::kTimestamp, ReadTimestamp);
  if (auto* refusal = std::get_if<Refusal>(&opened)) return *refusal;
  auto& [envelope, next] = std::get<Opened<Timestamp>>(opened);
  if (auto verdict = CheckSigners(envelope, root_.keys, root_.For(Role::kTimestamp), name); !verdict) return verdict;
  const bool equal = timestamp_ && next.version == timestamp_->version;
  if (timestamp_ && !equal) {
    // 5.4.3.
    if (next.version < timestamp_->version) {
      return Refuse(
          Reason::kRollback, name, next.version,
          "is version " + std::to_string(next.version) + ", trusted is " + std::to_string(timestamp_->version));
    }
    if (next.snapshot.version < timestamp_->snapshot.version) {
      return Refuse(Reason::kRollback, name, next.version,
                    "promises snapshot " + std::to_string(next.snapshot.version) + ", trusted is " +
                        std::to_string(timestamp_->snapshot.version));
    }
  }
  // 5.4.4. What is stored may have ended, and still guards against what is older.
  if (origin == Origin::kMirror) {
    if (auto verdict = CheckEnd(equal ? *timestamp_ : next, name); !verdict) return verdict;
    timestamp_fresh_ = true;
  }
  if (equal) return {};
  timestamp_ = std::move(next);
  took_timestamp_ = true;
  return {};
}

Verdict TrustedSet::CheckSnapshotAgainstOld(const Snapshot& next) const {
  if (!snapshot_) return {};
  const std::string name(Text(Role::kSnapshot));
  for (const auto& [file, info] : snapshot_->meta) {
    const auto found = next.meta.find(file);
    // 5.5.5: neither gone nor older.
    if (found == next.meta.end()) {
      return Refuse(Reason::kRollback, name, next.version, "lists " + Printable(file, 64) + " no more");
    }
    if (found->second.version < info.version) {
      return Refuse(Reason::kRollback, name, next.version,
                    "promises " + Printable(file, 64) + " " + std::to_string(found->second.version) + ", trusted is " +
                        std::to_string(info.version));
    }
  }
  return {};
}

Verdict TrustedSet::TakeSnapshot(std::string_view bytes, Origin origin) {
  const std::string name(Text(Role::kSnapshot));
  if (!timestamp_ || !timestamp_fresh_ || snapshot_current_ || !targets_.empty()) {
    return Refuse(Reason::kMalformed, name, 0, "comes out of order");
  }
  const FileInfo& promised = timestamp_->snapshot;
  const Verdict as_promised = CheckFile(bytes, promised.length, promised.hashes, name);
  // 5.5.2, before anything of it is read.
  if (origin == Origin::kMirror && !as_promised) return as_promised;
  auto opened = Open<Snapshot>(bytes, name, Role::kSnapshot, ReadSnapshot);
  if (auto* refusal = std::get_if<Refusal>(&opened)) return *refusal;
  auto& [envelope, next] = std::get<Opened<Snapshot>>(opened);
  if (auto verdict = CheckSigners(envelope, root_.keys, root_.For(Role::kSnapshot), name); !verdict) return verdict;
  if (auto verdict = CheckSnapshotAgainstOld(next); !verdict) return verdict;
  // 5.5.4. A stored one that is not the promised one is what the promised one is held against.
  if (next.version != promised.version || !as_promised) {
    const std::int64_t version = next.version;
    if (origin == Origin::kStored) snapshot_ = std::move(next);
    return Refuse(
        Reason::kVersionMismatch, name, version,
        "is version " + std::to_string(version) + ", the timestamp promises " + std::to_string(promised.version));
  }
  if (auto verdict = CheckEnd(next, name); !verdict) {
    if (origin == Origin::kStored) snapshot_ = std::move(next);
    return verdict;
  }
  snapshot_ = std::move(next);
  snapshot_current_ = true;
  return {};
}

const FileInfo* TrustedSet::Promised(const std::string& role) const {
  if (!snapshot_current_) return nullptr;
  const auto found = snapshot_->meta.find(role + ".json");
  return found != snapshot_->meta.end() ? &found->second : nullptr;
}

std::size_t TrustedSet::MostOf(const FileInfo& info, Role role) {
  const std::size_t most = MostBytes(role);
  return info.length && static_cast<std::uint64_t>(*info.length) < most ? static_cast<std::size_t>(*info.length) : most;
}

const Targets* TrustedSet::targets(const std::string& role) const {
  const auto found = targets_.find(role);
  return found != targets_.end() ? &found->second : nullptr;
}

Verdict TrustedSet::TakeTargetsRole(std::string_view bytes, const std::string& role, const Keys& keys,
                                    const RoleKeys& role_keys) {
  const FileInfo* promised = Promised(role);
  if (promised == nullptr) return Refuse(Reason::kMissingInSnapshot, role, 0, "is not listed by the snapshot");
  if (auto verdict = CheckFile(bytes, promised->length, promised->hashes, role); !verdict) return verdict;
  auto opened = Open<Targets>(bytes, role, Role::kTargets, ReadTargets);
  if (auto* refusal = std::get_if<Refusal>(&opened)) return *refusal;
  auto& [envelope, next] = std::get<Opened<Targets>>(opened);
  if (auto verdict = CheckSigners(envelope, keys, role_keys, role); !verdict) return verdict;
  if (next.version != promised->version) {
    return Refuse(
        Reason::kVersionMismatch, role, next.version,
        "is version " + std::to_string(next.version) + ", the snapshot promises " + std::to_string(promised->version));
  }
  if (auto verdict = CheckEnd(next, role); !verdict) return verdict;
  targets_.insert_or_assign(role, std::move(next));
  return {};
}

Verdict TrustedSet::TakeTargets(std::string_view bytes) {
  return TakeTargetsRole(bytes, kTargets, root_.keys, root_.For(Role::kTargets));
}

Verdict TrustedSet::TakeDelegated(std::string_view bytes, const std::string& role, const std::string& delegator) {
  const Targets* parent = targets(delegator);
  const RoleKeys* keys = parent != nullptr && parent->delegations ? KeysOf(*parent->delegations, role) : nullptr;
  if (keys == nullptr) return Refuse(Reason::kMalformed, role, 0, "is not delegated to by " + Printable(delegator, 64));
  return TakeTargetsRole(bytes, role, parent->delegations->keys, *keys);
}

}  // namespace pullseal::tuf
