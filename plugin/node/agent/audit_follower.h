// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_AGENT_AUDIT_FOLLOWER_H_
#define PULLSEAL_NODE_AGENT_AUDIT_FOLLOWER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "core/base/file.h"
#include "core/base/result.h"

namespace pullseal::agent {

// AuditFollower hands on the audit log's records, each once and in order, across rotations and its own restarts. Where
// it has got to is kept in a file, by sequence number; a restart between handing on and writing that down hands the
// last batch on again, which its numbers show. Records that were rotated away before they were read are told as a gap.
// One thread.
class AuditFollower {
 public:
  // Gets whole lines, each with its line break. False: they were not taken, and come again.
  using Take = std::function<bool(const std::string& lines)>;

  // `log` is the audit log, its rotated files beside it; `cursor` the file that says how far it was read.
  AuditFollower(std::string log, std::string cursor, Take take);

  // Hands on what is there now. Returns how many records.
  std::uint64_t Follow();
  // Of the last record handed on; from any thread.
  std::uint64_t sequence() const { return sequence_; }

 private:
  bool Open();
  std::uint64_t TakeBatch(std::string lines);
  bool PassOverLongLine();

  const std::string log_;
  const std::string cursor_;
  const Take take_;
  std::atomic<std::uint64_t> sequence_{0};  // of the last record handed on
  OwnedFd file_;                            // where the next one is
  std::string rest_;                        // of it, up to a line break that is not there yet
};

}  // namespace pullseal::agent

#endif  // PULLSEAL_NODE_AGENT_AUDIT_FOLLOWER_H_
