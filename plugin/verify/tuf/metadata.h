// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_TUF_METADATA_H_
#define PULLSEAL_VERIFY_TUF_METADATA_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/hash.h"
#include "verify/tuf/key.h"

// The metadata of a TUF repository (specification 1.0.34, section 4), well formed if it exists; nothing is verified.
// Members that are not known are signed like all others and mean nothing here. Immutable values; thread-safe.
namespace pullseal::tuf {

// Role is one of the four roles that a root names itself (section 2.1).
enum class Role { kRoot, kTimestamp, kSnapshot, kTargets };
std::string_view Text(Role role);
// How many bytes a role's file may have where nothing signed says less.
std::size_t MostBytes(Role role);

// RoleKeys says who signs for a role: how many of which keys (section 4.3).
struct RoleKeys {
  std::vector<std::string> keyids;  // names, each once
  std::int64_t threshold = 1;       // at least 1
};

using Keys = std::map<std::string, std::optional<Key>>;  // by keyid; absent where we cannot verify with it

// Common is what all roles' metadata has.
struct Common {
  std::int64_t version = 0;  // at least 1
  WallTime expires;          // the first moment at which it is not to be used any more
};

// Hashes of a file, those by algorithms that we know of. Without one no file fits.
using Hashes = std::map<crypto::Hash, Bytes>;

// FileInfo is what metadata promises about another metadata file (section 4.4).
struct FileInfo {
  std::int64_t version = 0;
  std::optional<std::int64_t> length;  // bytes
  std::optional<Hashes> hashes;
};

// TargetInfo is what metadata promises about a target (section 4.5).
struct TargetInfo {
  std::int64_t length = 0;  // bytes
  Hashes hashes;
};

// Delegation is one role that a targets role trusts for some paths (section 4.5): those that one of the patterns
// matches, or whose name's SHA-256 begins with one of the prefixes.
struct Delegation {
  std::string name;
  RoleKeys keys;
  bool terminating = false;
  std::vector<std::string> patterns;  // one of the two lists is empty
  std::vector<std::string> prefixes;  // hexadecimal
};

// HashBins are 2^bits roles that share their keys, of which each takes one bin of paths (TAP 15).
struct HashBins {
  std::string prefix;  // of their names
  RoleKeys keys;
  int bits = 1;  // 1 to 32
};

struct Delegations {
  Keys keys;
  std::variant<std::vector<Delegation>, HashBins> roles;  // in the order of their priority
};

struct Root : Common {
  bool consistent_snapshot = false;
  Keys keys;
  std::array<RoleKeys, 4> roles;  // by Role
  const RoleKeys& For(Role role) const { return roles[static_cast<std::size_t>(role)]; }
};

struct Timestamp : Common {
  FileInfo snapshot;
};

struct Snapshot : Common {
  std::map<std::string, FileInfo> meta;  // by file name, such as "targets.json"
};

struct Targets : Common {
  std::map<std::string, TargetInfo> targets;  // by target name
  std::optional<Delegations> delegations;
};

// Envelope is a metadata file: what is signed and its signatures (section 4.2).
struct Envelope {
  struct Signature {
    std::string keyid;
    Bytes bytes;  // empty where the file has none that can be read, as some real repositories do
  };

  // Parse reads one file. The bytes that are signed are the canonical form of its member "signed". kInvalid or kLimit.
  static Result<Envelope> Parse(std::string_view text);

  json::Value content;       // the member "signed"
  std::string signed_bytes;  // canonical
  std::vector<Signature> signatures;
};

// Each reads what an envelope holds: its type is the role's, its specification version is 1, and what must be there is
// there. kInvalid or kLimit.
Result<Root> ReadRoot(const json::Value& content);
Result<Timestamp> ReadTimestamp(const json::Value& content);
Result<Snapshot> ReadSnapshot(const json::Value& content);
Result<Targets> ReadTargets(const json::Value& content);

// ReadTime reads an end as repositories write it: "2026-11-20T12:00:00Z", in old ones with a fraction or an offset from
// UTC. What is later than the clock can say is its last moment. Absent for anything else.
std::optional<WallTime> ReadTime(std::string_view text);

// VersionOf is the version that any role's content says, for reports; 0 if it says none.
std::int64_t VersionOf(const json::Value& content);

}  // namespace pullseal::tuf

#endif  // PULLSEAL_VERIFY_TUF_METADATA_H_
