// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_TUF_REFUSAL_H_
#define PULLSEAL_VERIFY_TUF_REFUSAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pullseal::tuf {

// Reason is why metadata or a target is not trusted. Each has a stable word for people and machines.
enum class Reason {
  kMalformed,          // not what the specification's section 4 describes
  kSignature,          // no good signature by a key of the role
  kThreshold,          // good ones, but by fewer keys than the threshold
  kRollback,           // older than what is trusted, or what it lists is, or is there no more
  kVersionMismatch,    // another version than the one that was to come
  kExpired,            // ended at the time of the update
  kHash,               // other bytes than were promised
  kLength,             // more or fewer bytes than were promised
  kMissingInSnapshot,  // a role that the snapshot does not list
  kNotFound,           // no role in question lists the target
  kLimit,              // one of our bounds
};

// Text is the reason's word, such as "version-mismatch".
std::string_view Text(Reason reason);

// Refusal says what is not trusted, and why. Strings of the metadata in it are printable and cut.
struct Refusal {
  Reason reason = Reason::kMalformed;
  std::string role;          // "root", "timestamp", "snapshot", "targets", a delegated role's name
  std::int64_t version = 0;  // what the refused metadata says; 0 if it was not read that far
  std::string message;       // lower case, what failed, with which value
};

// Verdict is what the specification's checks come to: trusted, or a refusal. A value.
class [[nodiscard]] Verdict {
 public:
  Verdict() = default;
  Verdict(Refusal refusal) : refusal_(std::move(refusal)) {}
  bool trusted() const { return !refusal_.has_value(); }
  explicit operator bool() const { return trusted(); }
  const Refusal& refusal() const { return *refusal_; }

 private:
  std::optional<Refusal> refusal_;
};

}  // namespace pullseal::tuf

#endif  // PULLSEAL_VERIFY_TUF_REFUSAL_H_
