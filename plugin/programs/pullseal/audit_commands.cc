// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseal/audit_commands.h"

#include <sys/stat.h>

#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <optional>
#include <thread>

#include "core/base/bytes.h"
#include "core/json/value.h"
#include "reports/audit/audit_log.h"

namespace pullseal::cli {
namespace {

void Print(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

// A record as one line for people; absent if it is not asked for.
std::optional<std::string> Show(const std::string& line, const TailOptions& options) {
  const auto record = json::Parse(line);
  if (!record) return "not a record: " + Printable(line, 200);
  const auto text = [&](std::string_view name) {
    const std::string* found = record->FindString(name);
    return found != nullptr ? Printable(*found, 400) : std::string();
  };
  const std::string outcome = text("outcome");
  if (!options.outcome.empty() && outcome != options.outcome) return std::nullopt;
  if (options.json) return line;
  std::string out = text("time").substr(0, 19) + "Z " + outcome + " " + text("action");
  const auto add = [&](const std::string& before, const std::string& value) {
    if (!value.empty()) out += before + value;
  };
  add(" ", text("image").empty() ? text("image_id") : text("image"));
  add(" in ", text("namespace"));
  add("/", text("pod"));
  add(" rule ", text("rule"));
  add(": ", text("reason"));
  if (outcome != "allow" || text("action") == "lifecycle" || text("action") == "policy") add(": ", text("message"));
  add(", signed by ", text("signer"));
  return out;
}

// The last `options.lines` records that are asked for, the oldest first.
std::deque<std::string> LastLines(const TailOptions& options) {
  std::deque<std::string> out;
  const auto files = audit::RotatedFiles(options.file);
  for (auto file = files.rbegin(); file != files.rend() && out.size() < options.lines; ++file) {
    std::deque<std::string> own;
    std::ifstream in(*file);
    for (std::string line; std::getline(in, line);) {
      if (in.eof()) break;  // torn, or being written
      if (auto shown = Show(line, options)) own.push_back(std::move(*shown));
      if (own.size() + out.size() > options.lines) own.pop_front();
    }
    out.insert(out.begin(), own.begin(), own.end());
  }
  return out;
}

ino_t InodeOf(const std::string& file) {
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 ? info.st_ino : 0;
}

// Prints what is added to the file from `position` on; begins again with each file that takes its place.
[[noreturn]] void Follow(const TailOptions& options, std::streamoff position) {
  ino_t inode = InodeOf(options.file);
  while (true) {
    std::ifstream in(options.file);
    in.seekg(position);
    while (InodeOf(options.file) == inode) {
      std::string line;
      while (std::getline(in, line) && !in.eof()) {
        position = in.tellg();
        if (const auto shown = Show(line, options)) Print(*shown);
      }
      in.clear();
      in.seekg(position);
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    // What was still written before the rotation.
    for (std::string line; std::getline(in, line) && !in.eof();) {
      if (const auto shown = Show(line, options)) Print(*shown);
    }
    inode = InodeOf(options.file);
    position = 0;
  }
}

}  // namespace

int AuditVerify(const std::string& file, const std::string& head, bool json) {
  const auto verified = audit::VerifyLog(file, head);
  if (json) {
    json::Writer out;
    out.Text("file", file).Boolean("good", verified.ok());
    if (verified) {
      out.Number("records", static_cast<std::int64_t>(verified->records));
      out.Text("head", std::to_string(verified->last_sequence) + ":" + verified->last_hash);
    } else {
      out.Text("error", verified.error().message);
    }
    Print(out.Finish());
  }
  if (!verified) {
    if (!json) Print(verified.error().message);
    return verified.error().code == ErrorCode::kUnavailable ? 2 : 1;
  }
  if (json) return 0;
  Print(file + ": good: " + std::to_string(verified->records) + " records in " +
        std::to_string(audit::RotatedFiles(file).size()) + " files, head " + std::to_string(verified->last_sequence) +
        ":" + verified->last_hash);
  return 0;
}

int AuditTail(const TailOptions& options) {
  std::ifstream in(options.file, std::ios::ate);
  if (!in) {
    std::fprintf(stderr, "pullseal: %s: cannot be opened\n", options.file.c_str());
    return 2;
  }
  const std::streamoff end = in.tellg();
  for (const std::string& line : LastLines(options)) Print(line);
  if (options.follow) Follow(options, end);
  return 0;
}

}  // namespace pullseal::cli
