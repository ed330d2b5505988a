// SPDX-License-Identifier: Apache-2.0
#include "node/agent/audit_follower.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "core/base/limits.h"
#include "core/json/value.h"
#include "node/agent/limits.h"
#include "reports/audit/audit_log.h"

namespace pullseal::agent {
namespace {

// The number in a record; absent for a line that is none.
std::optional<std::uint64_t> SequenceOf(std::string_view line) {
  const auto parsed = json::Parse(line);
  const json::Value* sequence = parsed ? parsed->Find("seq") : nullptr;
  const auto number = sequence != nullptr ? sequence->integer() : std::nullopt;
  return number && *number > 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

OwnedFd OpenFile(const std::string& path) { return OwnedFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)); }

// The first record's number in a file.
std::optional<std::uint64_t> FirstOf(const std::string& path) {
  const OwnedFd fd = OpenFile(path);
  std::string text(limits::kAdminLineBytes, '\0');
  const ssize_t got = fd.valid() ? ::pread(fd.get(), text.data(), text.size(), 0) : -1;
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::size_t end = text.find('\n');
  return end != std::string::npos ? SequenceOf(std::string_view(text).substr(0, end)) : std::nullopt;
}

// The last whole record's number in a file.
std::optional<std::uint64_t> LastOf(const std::string& path) {
  const OwnedFd fd = OpenFile(path);
  const off_t size = fd.valid() ? ::lseek(fd.get(), 0, SEEK_END) : 0;
  const auto most = static_cast<off_t>(2 * limits::kAdminLineBytes);
  std::string text(static_cast<std::size_t>(std::min(size, most)), '\0');
  const ssize_t got = fd.valid() ? ::pread(fd.get(), text.data(), text.size(), size - std::min(size, most)) : -1;
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::size_t end = text.rfind('\n');
  if (end == std::string::npos || end == 0) return std::nullopt;
  const std::size_t before = text.rfind('\n', end - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return SequenceOf(std::string_view(text).substr(begin, end - begin));
}

bool IsSameFile(int fd, const std::string& path) {
  struct stat one {};
  struct stat other {};
  return ::fstat(fd, &one) == 0 && ::stat(path.c_str(), &other) == 0 && one.st_ino == other.st_ino &&
         one.st_dev == other.st_dev;
}

}  // namespace

AuditFollower::AuditFollower(std::string log, std::string cursor, Take take)
    : log_(std::move(log)), cursor_(std::move(cursor)), take_(std::move(take)) {
  const auto text = ReadFile(cursor_, 64);
  std::uint64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  sequence_ = number;
}

// Finds the file that holds the next record: the newest one that begins no later than with it. A log that begins anew
// is followed from its beginning.
bool AuditFollower::Open() {
  const auto last = LastOf(log_);
  if (last && *last < sequence_) sequence_ = 0;
  std::string best;
  std::optional<std::uint64_t> oldest;
  for (const std::string& path : audit::RotatedFiles(log_)) {
    const auto first = FirstOf(path);
    if (!first) continue;
    if (!oldest) oldest = first;
    if (best.empty() || *first <= sequence_ + 1) best = path;
  }
  if (best.empty()) return false;
  file_ = OpenFile(best);
  rest_.clear();
  if (*oldest > sequence_ + 1 && sequence_ > 0) {
    json::Writer gap;
    gap.Text("action", "agent").Text("outcome", "unavailable");
    gap.Text("message", "audit records " + std::to_string(sequence_ + 1) + " to " + std::to_string(*oldest - 1) +
                            " were rotated away before they were shipped");
    if (!take_(gap.Finish() + "\n")) return false;
    sequence_ = *oldest - 1;
  }
  return file_.valid();
}

std::uint64_t AuditFollower::Follow() {
  if (!file_.valid() && !Open()) return 0;
  std::uint64_t count = 0;
  while (true) {
    std::string chunk(limits::kAuditBatchBytes, '\0');
    const ssize_t got = ::read(file_.get(), chunk.data(), chunk.size());
    if (got <= 0) {
      if (IsSameFile(file_.get(), log_)) return count;
      // Rotated: what was written before the rename has been read, and the next record is in another file.
      if (!Open() || !IsSameFile(file_.get(), log_)) return count;
      continue;
    }
    rest_.append(chunk, 0, static_cast<std::size_t>(got));
    const std::size_t end = rest_.rfind('\n');
    if (end == std::string::npos) {
      if (rest_.size() > limits::kAuditBatchBytes && !PassOverLongLine()) return count;
      continue;
    }
    const std::uint64_t taken = TakeBatch(rest_.substr(0, end + 1));
    if (taken == 0 && !file_.valid()) return count;
    count += taken;
    rest_.erase(0, end + 1);
  }
}

// No record is that long: somebody else wrote into the log. What follows up to the line's end is told as it stands.
bool AuditFollower::PassOverLongLine() {
  json::Writer told;
  told.Text("action", "agent").Text("outcome", "unavailable");
  told.Text("message", "a line of the audit log that is too long for a record was passed over");
  if (!take_(told.Finish() + "\n")) {
    file_.Close();
    return false;
  }
  rest_.clear();
  return true;
}

std::uint64_t AuditFollower::TakeBatch(std::string lines) {
  std::string fresh;
  std::uint64_t last = sequence_;
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at) + 1;
    const auto number = SequenceOf(std::string_view(lines).substr(at, end - at - 1));
    if (!number || *number > last) {
      fresh.append(lines, at, end - at);
      ++count;
    }
    if (number && *number > last) last = *number;
    at = end;
  }
  if (!fresh.empty() && !take_(fresh)) {
    file_.Close();  // it comes again
    return 0;
  }
  sequence_ = last;
  (void)WriteFile(cursor_, std::to_string(sequence_) + "\n", 0600);
  return count;
}

}  // namespace pullseal::agent
