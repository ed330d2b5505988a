#include "audit/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/value.h"

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

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& path, std::string node, const Clock& clock) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  OwnedFd fd(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  if (!fd.valid()) return Error{ErrorCode::kUnavailable, "audit log " + path + ": " + ErrnoText(errno)};
  struct stat info {};
  ::fstat(fd.get(), &info);
  auto log = std::unique_ptr<AuditLog>(new AuditLog(path, std::move(node), std::move(fd)));
  if (info.st_size == 0) return log;
  auto tail = ReadTail(log->fd_.get(), limits::kAuditTailBytes, info.st_size);
  if (!tail) return tail.error().In("audit log " + path);
  const std::size_t end = tail->rfind('\n');
  const std::size_t torn = end == std::string::npos ? tail->size() : tail->size() - end - 1;
  if (torn > 0 && ::ftruncate(log->fd_.get(), info.st_size - static_cast<off_t>(torn)) != 0) {
    return Error{ErrorCode::kUnavailable, "audit log " + path + ": cut a torn line: " + ErrnoText(errno)};
  }
  if (end != std::string::npos) {
    const std::size_t begin = end == 0 ? std::string::npos : tail->rfind('\n', end - 1);
    const std::size_t from = begin == std::string::npos ? 0 : begin + 1;
    const auto last = ParseLine(std::string_view(*tail).substr(from, end - from));
    if (!last) {
      return Error{ErrorCode::kInvalid, "audit log " + path + ": its last line: " + last.error().message +
                                            "; move the file aside to start a new chain"};
    }
    log->sequence_ = last->sequence;
    log->last_hash_ = last->hash;
  }
  if (torn == 0) return log;
  Record record;
  record.time = clock.Now();
  record.action = "lifecycle";
  record.outcome = "allow";
  record.message = "a torn last line of " + std::to_string(torn) + " bytes, left by a crash, was cut off";
  if (const Status status = log->Append(record); !status) return status.error();
  return log;
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
  std::string signers;
  for (const std::string& signer : record.signers) signers += (signers.empty() ? "" : ",") + signer;
  text("signer", signers);
  text("namespace", record.pod_namespace);
  text("pod", record.pod);
  text("pod_uid", record.pod_uid);
  text("container", record.container);
  text("node", node_);
  text("cache", record.cache);
  line.Number("duration_us", record.duration_us).Text("prev_hash", last_hash_);
  return line.body();
}

Status AuditLog::Append(const Record& record) {
  const std::lock_guard lock(mutex_);
  return AppendLocked(record);
}

Status AuditLog::AppendLocked(const Record& record) {
  const std::string body = "{" + Format(record);
  const std::string hash = crypto::Sha256Hex(AsBytes(body + "}"));
  const std::string line = body + std::string(kHashMember) + hash + "\"}\n";
  struct stat before {};
  if (::fstat(fd_.get(), &before) != 0)
    return Error{ErrorCode::kUnavailable, "audit log " + path_ + ": " + ErrnoText(errno)};
  const ssize_t written = ::write(fd_.get(), line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) {
    const int error = written < 0 ? errno : ENOSPC;
    [[maybe_unused]] const int cut = ::ftruncate(fd_.get(), before.st_size);
    return Error{ErrorCode::kUnavailable, "audit log " + path_ + ": write: " + ErrnoText(error)};
  }
  ++sequence_;
  last_hash_ = hash;
  return {};
}

std::string AuditLog::Head() const {
  const std::lock_guard lock(mutex_);
  return std::to_string(sequence_) + ":" + last_hash_;
}

Result<Verification> VerifyFile(const std::string& path, const std::string& head) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kUnavailable, path + ": cannot be opened"};
  Verification out;
  out.last_hash = std::string(64, '0');
  bool head_seen = head.empty();
  std::string line;
  while (std::getline(file, line)) {
    const std::string where = path + ":" + std::to_string(out.records + 1) + ": ";
    if (file.eof()) return Error{ErrorCode::kInvalid, where + "torn line"};
    const auto parsed = ParseLine(line);
    if (!parsed) return Error{ErrorCode::kInvalid, where + parsed.error().message};
    const bool first = out.records == 0;
    // A file that a rotation began starts in the middle of the chain.
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
  if (!head_seen)
    return Error{ErrorCode::kInvalid, path + ": the head " + Printable(head, 100) +
                                          " is not among its records; its end is missing or was replaced"};
  return out;
}

}  // namespace pullseal::audit
