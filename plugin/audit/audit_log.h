#ifndef PULLSEAL_AUDIT_AUDIT_LOG_H_
#define PULLSEAL_AUDIT_AUDIT_LOG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"

namespace pullseal::audit {

// Record is one line of the audit log before it is numbered and chained. Empty members are left out of the line.
struct Record {
  WallTime time;
  std::string action;
  std::string outcome;
  std::string reason;
  std::string message;
  std::string image;
  std::string digest;
  std::string image_id;
  std::string rule;
  std::map<std::string, std::string> rule_labels;
  std::string mode;
  std::string policy_name;
  std::string policy_version;
  std::string policy_sha256;
  std::vector<std::string> signers;
  std::string pod_namespace;
  std::string pod;
  std::string pod_uid;
  std::string container;
  std::string cache;
  std::int64_t duration_us = 0;
};

// AuditLog appends records to a file as JSON lines, each chained to the one before: `hash` is SHA-256 of the line
// without its last member, and the line holds its predecessor's as `prev_hash`; the first has 64 zeros. Thread-safe.
class AuditLog {
 public:
  // Opens or makes the file at `path` (mode 0640) and takes up its chain. A torn last line, left by a crash, is cut off
  // and recorded. kUnavailable, or kInvalid if the last whole line is no record of ours.
  static Result<std::unique_ptr<AuditLog>> Open(const std::string& path, std::string node, const Clock& clock);

  // Writes one line. kUnavailable if that failed; then the file is as before.
  Status Append(const Record& record);

  // Sequence number and hash of the last record, as "SEQ:HASH".
  std::string Head() const;

 private:
  AuditLog(std::string path, std::string node, OwnedFd fd)
      : path_(std::move(path)), node_(std::move(node)), fd_(std::move(fd)) {}
  std::string Format(const Record& record) const;
  Status AppendLocked(const Record& record);

  const std::string path_;
  const std::string node_;
  mutable std::mutex mutex_;
  OwnedFd fd_;                                    // guarded by mutex_
  std::uint64_t sequence_ = 0;                    // guarded by mutex_
  std::string last_hash_ = std::string(64, '0');  // guarded by mutex_
};

// Verification is what VerifyFile found.
struct Verification {
  std::uint64_t records = 0;
  std::uint64_t last_sequence = 0;
  std::string last_hash;
};

// VerifyFile proves the chain of the log at `path`: every hash, every link, every sequence number. The error names the
// first line that breaks it. `head` ("SEQ:HASH", may be empty) must be among its records. A shortened log is whole in
// itself: only a head kept elsewhere shows that its end is missing.
Result<Verification> VerifyFile(const std::string& path, const std::string& head);

}  // namespace pullseal::audit

#endif  // PULLSEAL_AUDIT_AUDIT_LOG_H_
