// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_REPORTS_AUDIT_AUDIT_LOG_H_
#define PULLSEAL_REPORTS_AUDIT_AUDIT_LOG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mutex.h"
#include "core/base/result.h"

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
  std::vector<std::string> issuers;       // of signers that are certificates
  std::vector<std::string> evidence;      // digests of the signatures and attestations that counted
  std::vector<std::string> attestations;  // names of what was attested as the rule asks
  std::string pod_namespace;
  std::string pod;
  std::string pod_uid;
  std::string container;
  std::string cache;
  std::int64_t duration_us = 0;
};

struct Options {
  std::string path;
  std::string node;
  std::size_t max_bytes = 64 << 20;  // a file that would grow beyond this is rotated
  int keep = 8;                      // rotated files, PATH.1 the newest
};

// AuditLog appends records to a file as JSON lines, each chained to the one before: `hash` is SHA-256 of the line
// without its last member, and the line holds its predecessor's as `prev_hash`; the first has 64 zeros. The chain goes
// on across rotated files. Blocks for limits::kAuditReserve are allocated behind the end of the file, so that records
// go on for a while when the disk is full. Thread-safe.
class AuditLog {
 public:
  // Opens or makes the file (mode 0640) and takes up its chain, or that of the file rotated last. A torn last line,
  // left by a crash, is cut off and recorded. kUnavailable, or kInvalid if the last whole line is no record of ours.
  static Result<std::unique_ptr<AuditLog>> Open(Options options, const Clock& clock);

  // Writes one line. kUnavailable if that failed; then the file is as before.
  Status Append(const Record& record);
  // Has the disk keep what was written. A crash of the machine loses at most what was appended since.
  void Sync();

  // Sequence number and hash of the last record, as "SEQ:HASH".
  std::string Head() const;
  // Whether the disk gave no room for the reserve when last asked: records go on until it is spent.
  bool OnReserve() const;

 private:
  AuditLog(Options options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}
  Status OpenFile() PULLSEAL_REQUIRES(mutex_);
  Status TakeUpChain() PULLSEAL_REQUIRES(mutex_);
  std::string Format(const Record& record) const PULLSEAL_REQUIRES(mutex_);
  Status AppendLocked(const Record& record) PULLSEAL_REQUIRES(mutex_);
  Status WriteLine(const std::string& line) PULLSEAL_REQUIRES(mutex_);
  Status Rotate() PULLSEAL_REQUIRES(mutex_);
  void Reserve() PULLSEAL_REQUIRES(mutex_);

  const Options options_;
  const Clock& clock_;
  mutable Mutex mutex_;
  OwnedFd fd_ PULLSEAL_GUARDED_BY(mutex_);
  std::size_t size_ PULLSEAL_GUARDED_BY(mutex_) = 0;
  std::size_t reserved_to_ PULLSEAL_GUARDED_BY(mutex_) = 0;  // blocks are allocated up to here
  bool on_reserve_ PULLSEAL_GUARDED_BY(mutex_) = false;
  SteadyTime reserve_tried_ PULLSEAL_GUARDED_BY(mutex_);
  std::uint64_t sequence_ PULLSEAL_GUARDED_BY(mutex_) = 0;
  std::string last_hash_ PULLSEAL_GUARDED_BY(mutex_) = std::string(64, '0');
};

// Verification is what VerifyLog found.
struct Verification {
  std::uint64_t records = 0;
  std::uint64_t last_sequence = 0;
  std::string last_hash;
};

// RotatedFiles are the files of the log at `path` that are there, the oldest first, `path` itself the last.
std::vector<std::string> RotatedFiles(const std::string& path);

// VerifyLog proves the chain of the log at `path`, rotated files included: every hash, every link, every sequence
// number. The error names the first line that breaks it. `head` ("SEQ:HASH", may be empty) must be among its records. A
// log that was shortened at its end, or lost its oldest files, is whole in itself: only a head kept elsewhere shows
// that its end is missing.
Result<Verification> VerifyLog(const std::string& path, const std::string& head);

}  // namespace pullseal::audit

#endif  // PULLSEAL_REPORTS_AUDIT_AUDIT_LOG_H_
