// SPDX-License-Identifier: Apache-2.0
#include "reports/audit/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mutex.h"
#include "core/crypto/sha256.h"
#include "core/json/value.h"
#include "reports/audit/limits.h"

namespace pullseal::audit {
namespace {

constexpr std::string_view kHashMember = ",\"hash\":\"";

struct Parsed {
  std::uint64_t sequence;
  std::string previous;
  std::string hash;
};

// Reads one line and checks its own hash.
Result<Parsed> ParseLine(std::string_view line) {
  const std::size_t at = line.rfind(kHashMember);
  if (at == std::string_view::npos) return Error{ErrorCode::kInvalid, "no hash at its end"};
  auto parsed = json::Parse(line);
  if (!parsed) return parsed.error();
  const json::Value* sequence = parsed->Find("seq");
  const std::string* previous = parsed->FindString("prev_hash");
  const std::string* hash = parsed->FindString("hash");
  if (sequence == nullptr || !sequence->integer() || previous == nullptr || hash == nullptr) {
    return Error{ErrorCode::kInvalid, "not a record of the audit log"};
  }
  if (crypto::Sha256Hex(AsBytes(std::string(line.substr(0, at)) + "}")) != *hash) {
    return Error{ErrorCode::kInvalid, "its hash does not fit its content"};
  }
  return Parsed{static_cast<std::uint64_t>(*sequence->integer()), *previous, *hash};
}

// The last `most` bytes of the file.
Result<std::string> ReadTail(int fd, std::size_t most, off_t size) {
  const off_t from = size > static_cast<off_t>(most) ? size - static_cast<off_t>(most) : 0;
  std::string out(static_cast<std::size_t>(size - from), '\0');
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::pread(fd, out.data() + done, out.size() - done, from + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Error{ErrorCode::kUnavailable, "read: " + ErrnoText(errno)};
    done += static_cast<std::size_t>(got);
  }
  return out;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

std::string Rotated(const std::string& path, int number) { return path + "." + std::to_string(number); }

Error Unavailable(const std::string& path, const std::string& what) {
  return Error{ErrorCode::kUnavailable, "audit log " + path + ": " + what};
}

// The last record of the file at `path`, and how many bytes behind it are a torn line.
struct Ending {
  std::optional<Parsed> last;
  std::size_t torn = 0;
};

Result<Ending> ReadEnding(const std::string& path, int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Unavailable(path, ErrnoText(errno));
  Ending out;
  if (info.st_size == 0) return out;
  auto tail = ReadTail(fd, limits::kAuditTailBytes, info.st_size);
  if (!tail) return Unavailable(path, tail.error().message);
  const std::size_t end = tail->rfind('\n');
  out.torn = end == std::string::npos ? tail->size() : tail->size() - end - 1;
  if (end == std::string::npos) return out;
  const std::size_t begin = end == 0 ? std::string::npos : tail->rfind('\n', end - 1);
  const std::size_t from = begin == std::string::npos ? 0 : begin + 1;
  auto last = ParseLine(std::string_view(*tail).substr(from, end - from));
  if (!last) {
    return Error{ErrorCode::kInvalid, "audit log " + path + ": its last line: " + last.error().message +
                                          "; move the file aside to start a new chain"};
  }
  out.last = std::move(*last);
  return out;
}

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::Open(Options options, const Clock& clock) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(options.path).parent_path(), ignored);
  auto log = std::unique_ptr<AuditLog>(new AuditLog(std::move(options), clock));
  const MutexLock lock(log->mutex_);
  if (auto s = log->OpenFile(); !s) return s.error();
  if (auto s = log->TakeUpChain(); !s) return s.error();
  return log;
}

Status AuditLog::OpenFile() {
  fd_ = OwnedFd(::open(options_.path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fd_.valid()) return Unavailable(options_.path, ErrnoText(errno));
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) return Unavailable(options_.path, ErrnoText(errno));
  size_ = static_cast<std::size_t>(info.st_size);
  reserved_to_ = 0;
  Reserve();
  return {};
}

Status AuditLog::TakeUpChain() {
  auto ending = ReadEnding(options_.path, fd_.get());
  if (!ending) return ending.error();
  const std::size_t torn = ending->torn;
  if (torn > 0 && ::ftruncate(fd_.get(), static_cast<off_t>(size_ - torn)) != 0) {
    return Unavailable(options_.path, "cut a torn line: " + ErrnoText(errno));
  }
  size_ -= torn;
  if (torn > 0) reserved_to_ = 0;
  // After a rotation that a crash cut short the chain ends in the file rotated last.
  const std::string before = Rotated(options_.path, 1);
  if (size_ == 0 && std::filesystem::exists(before)) {
    const OwnedFd older(::open(before.c_str(), O_RDONLY | O_CLOEXEC));
    if (!older.valid()) return Unavailable(before, ErrnoText(errno));
    ending = ReadEnding(before, older.get());
    if (!ending) return ending.error();
  }
  if (ending->last) {
    sequence_ = ending->last->sequence;
    last_hash_ = ending->last->hash;
  }
  if (torn == 0) return {};
  Record record;
  record.time = clock_.Now();
  record.action = "lifecycle";
  record.outcome = "allow";
  record.message = "a torn last line of " + std::to_string(torn) + " bytes, left by a crash, was cut off";
  return AppendLocked(record);
}

// Keeps blocks allocated behind the end of the file, where only this file can use them.
void AuditLog::Reserve() {
  if (reserved_to_ >= size_ + limits::kAuditReserve / 2) return;
  const SteadyTime now = clock_.Steady();
  if (on_reserve_ && now - reserve_tried_ < std::chrono::seconds(1)) return;
  reserve_tried_ = now;
  const auto length = static_cast<off_t>(limits::kAuditReserve);
  const bool done = ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(size_), length) == 0;
  if (done) {
    reserved_to_ = size_ + limits::kAuditReserve;
    if (on_reserve_) log::Warn("audit log " + options_.path + ": there is room on the disk again");
    on_reserve_ = false;
    return;
  }
  if (errno != ENOSPC && errno != EDQUOT) {
    reserved_to_ = SIZE_MAX / 2;  // a file system that cannot reserve
    return;
  }
  if (!on_reserve_) {
    log::Failure("audit log " + options_.path + ": the disk is full; records go on into the reserve until it is spent");
  }
  on_reserve_ = true;
}

// Renames the file to PATH.1, the ones before it one further, and begins a new one. A crash at any moment leaves files
// whose chain goes on from one to the next.
Status AuditLog::Rotate() {
  for (int number = options_.keep; number >= 1; --number) {
    const std::string from = number == 1 ? options_.path : Rotated(options_.path, number - 1);
    if (!std::filesystem::exists(from)) continue;
    if (::rename(from.c_str(), Rotated(options_.path, number).c_str()) != 0) {
      return Unavailable(options_.path, "rotate: " + ErrnoText(errno));
    }
  }
  // Give back what was reserved behind the old file's end.
  [[maybe_unused]] const int cut = ::ftruncate(fd_.get(), static_cast<off_t>(size_));
  ::fdatasync(fd_.get());
  return OpenFile();
}

std::string AuditLog::Format(const Record& record) const {
  json::Writer line;
  const auto text = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) line.Text(name, value.substr(0, limits::kAuditFieldBytes));
  };
  const std::uint64_t sequence = sequence_ + 1;
  line.Text("time", FormatTime(record.time)).Number("seq", static_cast<std::int64_t>(sequence));
  line.Text("event_id", last_hash_.substr(0, 16) + "-" + std::to_string(sequence));
  text("action", record.action);
  text("outcome", record.outcome);
  text("reason", record.reason);
  text("message", record.message);
  text("image", record.image);
  text("digest", record.digest);
  text("image_id", record.image_id);
  text("rule", record.rule);
  if (!record.rule_labels.empty()) {
    json::Writer labels;
    for (const auto& [name, value] : record.rule_labels) labels.Text(name, value);
    line.Raw("rule_labels", labels.Finish());
  }
  text("mode", record.mode);
  text("policy_name", record.policy_name);
  text("policy_version", record.policy_version);
  text("policy_sha256", record.policy_sha256);
  text("signer", Joined(record.signers));
  text("issuer", Joined(record.issuers));
  text("evidence", Joined(record.evidence));
  text("attestations", Joined(record.attestations));
  text("namespace", record.pod_namespace);
  text("pod", record.pod);
  text("pod_uid", record.pod_uid);
  text("container", record.container);
  text("node", options_.node);
  text("cache", record.cache);
  line.Number("duration_us", record.duration_us).Text("prev_hash", last_hash_);
  return line.body();
}

Status AuditLog::Append(const Record& record) {
  const MutexLock lock(mutex_);
  return AppendLocked(record);
}

Status AuditLog::AppendLocked(const Record& record) {
  const std::string body = "{" + Format(record);
  const std::string hash = crypto::Sha256Hex(AsBytes(body + "}"));
  const std::string line = body + std::string(kHashMember) + hash + "\"}\n";
  if (fd_.valid() && size_ > 0 && size_ + line.size() > options_.max_bytes) {
    // A log that cannot be rotated grows on: its records matter more than its size.
    if (const Status rotated = Rotate(); !rotated) log::Failure(rotated.error().message);
  }
  if (auto written = WriteLine(line); !written) return written;
  ++sequence_;
  last_hash_ = hash;
  Reserve();
  return {};
}

Status AuditLog::WriteLine(const std::string& line) {
  if (!fd_.valid()) {
    if (auto opened = OpenFile(); !opened) return opened;
  }
  const ssize_t written = ::write(fd_.get(), line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) {
    size_ += line.size();
    return {};
  }
  const int error = written < 0 ? errno : ENOSPC;
  // Part of a line must not stay; cutting also frees what was reserved.
  if (written > 0) {
    [[maybe_unused]] const int cut = ::ftruncate(fd_.get(), static_cast<off_t>(size_));
    reserved_to_ = 0;
  }
  return Unavailable(options_.path, "write: " + ErrnoText(error));
}

void AuditLog::Sync() {
  int copy = -1;
  {
    const MutexLock lock(mutex_);
    if (fd_.valid()) copy = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0);
  }
  // Not under the lock: a slow disk must not hold up those who append.
  const OwnedFd owned(copy);
  if (owned.valid()) ::fdatasync(owned.get());
}

std::string AuditLog::Head() const {
  const MutexLock lock(mutex_);
  return std::to_string(sequence_) + ":" + last_hash_;
}

bool AuditLog::OnReserve() const {
  const MutexLock lock(mutex_);
  return on_reserve_;
}

std::vector<std::string> RotatedFiles(const std::string& path) {
  std::vector<std::string> out;
  for (int number = limits::kAuditFilesMost; number >= 1; --number) {
    if (std::string file = Rotated(path, number); std::filesystem::exists(file)) out.push_back(std::move(file));
  }
  out.push_back(path);
  return out;
}

Result<Verification> VerifyLog(const std::string& path, const std::string& head) {
  Verification out;
  out.last_hash = std::string(64, '0');
  bool head_seen = head.empty();
  for (const std::string& name : RotatedFiles(path)) {
    std::ifstream file(name, std::ios::binary);
    if (!file) return Error{ErrorCode::kUnavailable, name + ": cannot be opened"};
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
      const std::string where = name + ":" + std::to_string(number) + ": ";
      if (file.eof()) return Error{ErrorCode::kInvalid, where + "torn line"};
      const auto parsed = ParseLine(line);
      if (!parsed) return Error{ErrorCode::kInvalid, where + parsed.error().message};
      const bool first = out.records == 0;
      // The oldest file that was kept starts in the middle of the chain.
      if (!first && parsed->previous != out.last_hash) {
        return Error{ErrorCode::kInvalid, where + "does not follow the line before it"};
      }
      if (!first && parsed->sequence != out.last_sequence + 1) {
        return Error{ErrorCode::kInvalid, where + "sequence number is not the next one"};
      }
      if (first && parsed->sequence == 1 && parsed->previous != out.last_hash) {
        return Error{ErrorCode::kInvalid, where + "first record does not begin a chain"};
      }
      ++out.records;
      out.last_sequence = parsed->sequence;
      out.last_hash = parsed->hash;
      head_seen = head_seen || head == std::to_string(parsed->sequence) + ":" + parsed->hash;
    }
  }
  if (!head_seen)
    return Error{ErrorCode::kInvalid, path + ": the head " + Printable(head, 100) +
                                          " is not among its records; its end is missing or was replaced"};
  return out;
}

}  // namespace pullseal::audit
