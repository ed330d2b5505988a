// SPDX-License-Identifier: Apache-2.0
#include "node/trust/archive.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "node/trust/limits.h"

namespace pullseal::trust {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameBytes = 4096;  // of pax and GNU long names: Linux' PATH_MAX

Error Invalid(const std::string& message) { return Error{ErrorCode::kInvalid, "tar archive " + message}; }

// A field of text, which ends at its first NUL if it has one.
std::string_view Field(std::string_view block, std::size_t at, std::size_t size) {
  const std::string_view field = block.substr(at, size);
  return field.substr(0, field.find('\0'));
}

// A number in octal digits, with spaces or NULs around it; GNU's binary form is only needed beyond 8 GiB.
std::optional<std::uint64_t> Octal(std::string_view field) {
  std::uint64_t value = 0;
  bool any = false;
  for (const char c : field) {
    if (c == ' ' || c == '\0') {
      if (any) break;
      continue;
    }
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
    any = true;
  }
  return any ? std::optional(value) : std::nullopt;
}

// The header's own check: the sum of its bytes with the sum itself as spaces.
bool SumFits(std::string_view block) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < kBlock; ++at) sum += at >= 148 && at < 156 ? ' ' : static_cast<std::uint8_t>(block[at]);
  return Octal(block.substr(148, 8)) == sum;
}

// The member "path" of a pax header: lines of "LENGTH NAME=VALUE\n" (POSIX pax, "pax Header Block").
Result<std::optional<std::string>> PaxPath(std::string_view text) {
  std::optional<std::string> out;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    std::size_t length = 0;
    if (space == std::string_view::npos || space == 0 || space > 9) return Invalid("has a broken pax header");
    for (const char c : text.substr(0, space)) {
      if (c < '0' || c > '9') return Invalid("has a broken pax header");
      length = length * 10 + static_cast<std::size_t>(c - '0');
    }
    if (length <= space + 1 || length > text.size() || text[length - 1] != '\n') {
      return Invalid("has a broken pax header");
    }
    const std::string_view line = text.substr(space + 1, length - space - 2);
    if (line.starts_with("path=")) out = std::string(line.substr(5));
    text.remove_prefix(length);
  }
  return out;
}

std::string HeaderName(std::string_view block) {
  const std::string_view name = Field(block, 0, 100);
  const std::string_view prefix = block.substr(257, 6) == std::string_view("ustar\0", 6) ? Field(block, 345, 155) : "";
  return prefix.empty() ? std::string(name) : std::string(prefix) + "/" + std::string(name);
}

// Reads entry after entry; a name of its own kind of entry goes for the next one.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  Status ReadAll() {
    for (std::size_t entries = 0; !rest_.empty(); ++entries) {
      if (entries >= limits::kTrustArchiveEntries) return Error{ErrorCode::kLimit, "tar archive has too many entries"};
      if (rest_.size() < kBlock) return Invalid("ends within a header");
      const std::string_view block = rest_.substr(0, kBlock);
      // Zeros end it; what is behind them is not read.
      if (std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; })) break;
      if (auto status = ReadEntry(block); !status) return status;
    }
    return {};
  }
  std::map<std::string, std::string_view> Take() { return std::move(files_); }

 private:
  Status ReadEntry(std::string_view block) {
    const auto size = Octal(block.substr(124, 12));
    if (!SumFits(block) || !size) return Invalid("has a broken header; compressed archives are not read");
    rest_.remove_prefix(kBlock);
    if (*size > rest_.size()) return Invalid("ends within a file");
    const std::string_view content = rest_.substr(0, static_cast<std::size_t>(*size));
    rest_.remove_prefix(std::min(rest_.size(), (content.size() + kBlock - 1) / kBlock * kBlock));
    const char kind = block[156];
    if (kind == 'L' || kind == 'x') return ReadName(kind, content);
    const std::string name = next_name_ ? *next_name_ : HeaderName(block);
    next_name_.reset();
    if (kind == '0' || kind == '\0') Add(name, content);
    return {};
  }

  Status ReadName(char kind, std::string_view content) {
    if (content.size() > kNameBytes) return Error{ErrorCode::kLimit, "tar archive has a name that is too long"};
    if (kind == 'L') {
      next_name_ = std::string(content.substr(0, content.find('\0')));
      return {};
    }
    auto path = PaxPath(content);
    if (!path) return path.error();
    if (*path) next_name_ = std::move(*path);
    return {};
  }

  void Add(std::string_view name, std::string_view content) {
    while (name.starts_with("./")) name.remove_prefix(2);
    if (!name.empty()) files_.insert_or_assign(std::string(name), content);
  }

  std::string_view rest_;
  std::optional<std::string> next_name_;
  std::map<std::string, std::string_view> files_;
};

}  // namespace

Result<std::map<std::string, std::string_view>> ReadArchive(std::string_view bytes) {
  if (bytes.empty()) return Invalid("is empty");
  Reader reader(bytes);
  if (auto status = reader.ReadAll(); !status) return status.error();
  return reader.Take();
}

}  // namespace pullseal::trust
