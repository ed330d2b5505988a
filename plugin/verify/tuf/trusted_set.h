// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_TUF_TRUSTED_SET_H_
#define PULLSEAL_VERIFY_TUF_TRUSTED_SET_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "verify/tuf/metadata.h"
#include "verify/tuf/refusal.h"

namespace pullseal::tuf {

// Ends says what comes of metadata that has ended at the time of the update. The specification refuses it; who has no
// way to newer metadata can take it, and is told. It weakens the defence against a mirror that is held still, nothing
// else: signatures, thresholds, hashes and rising versions decide as ever.
enum class Ends { kRefuse, kTakeUnsafe };

// Origin says where bytes come from: those that were trusted before are held against what is to come although they have
// ended or their successor is there; those that the mirror gives must be what was promised.
enum class Origin { kStored, kMirror };

// TrustedSet is what is trusted of one repository in the course of one update: the client workflow of the TUF
// specification (1.0.34, section 5), each step one function from a file's bytes to a verdict. It reads no clock: the
// time of the update is fixed when it is made (section 5.1). A refused file changes nothing. Order of the steps: Start;
// TakeRoot until there is no newer one; EndRoots; TakeTimestamp, TakeSnapshot, TakeTargets, each first with what is
// stored, if anything, then with the mirror's; TakeDelegated as TargetSearch asks for it. A step out of order is a bug
// and is refused. A value; not thread-safe.
class TrustedSet {
 public:
  // Start trusts a root because somebody gave it: it must be well formed and signed by its own keys (section 5.2); that
  // it has ended is no matter. kInvalid or kLimit.
  static Result<TrustedSet> Start(std::string_view root, WallTime now, Ends ends);

  // TakeRoot takes the next root: signed by the trusted root's keys and by its own, and one version newer (5.3.3 to
  // 5.3.8). If a key of the timestamp or snapshot role was taken away, what is trusted of these roles is dropped, so
  // that versions which a thief made too high are forgotten (5.3.11); `recovered` says so, and the stored files must go
  // too.
  Verdict TakeRoot(std::string_view bytes);
  bool recovered() const { return recovered_; }
  // The last root must not have ended (5.3.10).
  Verdict EndRoots();

  // 5.4. An equal version changes nothing and is trusted: `took_timestamp` then says no.
  Verdict TakeTimestamp(std::string_view bytes, Origin origin);
  bool took_timestamp() const { return took_timestamp_; }
  // 5.5. What is stored guards against older versions also where the timestamp wants another one; then it is refused as
  // version-mismatch and the mirror's is to be fetched.
  Verdict TakeSnapshot(std::string_view bytes, Origin origin);
  // 5.6.
  Verdict TakeTargets(std::string_view bytes);
  // 5.6.7: the same for a delegated role, by the keys of the role that delegates now, and as the snapshot lists it.
  Verdict TakeDelegated(std::string_view bytes, const std::string& role, const std::string& delegator);

  const Root& root() const { return root_; }
  const Timestamp* timestamp() const { return timestamp_ ? &*timestamp_ : nullptr; }
  const Snapshot* snapshot() const { return snapshot_current_ ? &*snapshot_ : nullptr; }
  // A targets role that was taken, "targets" or delegated; null if it was not.
  const Targets* targets(const std::string& role) const;

  // What the snapshot promises of a targets role, or the refusal if it does not list it.
  const FileInfo* Promised(const std::string& role) const;
  // How many bytes may be read for it: what is promised, never more than `MostBytes`.
  static std::size_t MostOf(const FileInfo& info, Role role);

  // The roles taken although they have ended (Ends::kTakeUnsafe), with their ends.
  struct Ended {
    std::string role;
    WallTime end;
  };
  const std::vector<Ended>& ended() const { return ended_; }

 private:
  TrustedSet(Root root, WallTime now, Ends ends) : root_(std::move(root)), now_(now), ends_(ends) {}
  Verdict CheckSigners(const Envelope& envelope, const Keys& keys, const RoleKeys& role, const std::string& name) const;
  Verdict CheckEnd(const Common& common, const std::string& role);
  Verdict CheckSnapshotAgainstOld(const Snapshot& next) const;
  Verdict TakeTargetsRole(std::string_view bytes, const std::string& role, const Keys& keys, const RoleKeys& role_keys);

  Root root_;
  WallTime now_;
  Ends ends_;
  bool roots_ended_ = false;
  bool recovered_ = false;
  bool took_timestamp_ = false;
  bool timestamp_fresh_ = false;   // the trusted one's end was checked
  bool snapshot_current_ = false;  // what the timestamp promises, and its end was checked
  std::optional<Timestamp> timestamp_;
  std::optional<Snapshot> snapshot_;
  std::map<std::string, Targets> targets_;
  std::vector<Ended> ended_;
};

// CheckFile says whether `bytes` are what was promised: exactly `length` bytes if it is known, and each known hash. At
// least one known hash is needed where `hashes` is there at all.
Verdict CheckFile(std::string_view bytes, std::optional<std::int64_t> length, const std::optional<Hashes>& hashes,
                  const std::string& role);
// CheckTarget is the same for a target (section 5.7.3). `name` is for the refusal.
Verdict CheckTarget(std::string_view bytes, const TargetInfo& info, const std::string& name);

}  // namespace pullseal::tuf

#endif  // PULLSEAL_VERIFY_TUF_TRUSTED_SET_H_
