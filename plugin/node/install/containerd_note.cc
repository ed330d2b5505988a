// SPDX-License-Identifier: Apache-2.0
#include "node/install/containerd_note.h"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <utility>

#include "core/base/file.h"
#include "image/containerd/limits.h"
#include "node/config/config.h"
#include "node/install/limits.h"

namespace pullseal::install {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUsualFile = "/etc/containerd/config.toml";

// containerd's configuration file, as ours names it.
std::string FileOf(const Host& host) {
  const auto config = config::Load(host.Path(std::string(kSettings) + "/config.yaml"));
  return config ? config->runtime_config : std::string(kUsualFile);
}

Result<std::string> Dump(const Host& host, const std::string& file) {
  // Named only where it is another one: containerd goes without its usual file, and not without one that is named.
  if (file == kUsualFile) return host.Command({"containerd", "config", "dump"});
  return host.Command({"containerd", "--config", file, "config", "dump"});
}

std::int64_t Number(std::string_view text) {
  std::int64_t out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  return read.ec == std::errc() ? out : 0;
}

// When the system started, in seconds since 1970 (proc(5), /proc/stat); 0 if it cannot be told.
std::int64_t BootTime(const Host& host) {
  const auto text = ReadFile(host.Path("/proc/stat"), limits::kNodeCommandBytes);
  const auto at = text ? text->find("btime ") : std::string::npos;
  return at == std::string::npos ? 0 : Number(std::string_view(*text).substr(at + 6));
}

// When containerd.service's process started, in seconds since 1970; 0 if it cannot be told.
std::int64_t StartOf(const Host& host) {
  const auto pid = host.Command({"systemctl", "show", "containerd.service", "--property", "MainPID", "--value"});
  if (!pid || Number(*pid) <= 0) return 0;
  const auto text = ReadFile(host.Path("/proc/" + std::to_string(Number(*pid)) + "/stat"), limits::kNodeCommandBytes);
  // The name, in parentheses, may hold anything; the start is the 20th field behind it, in ticks since the boot.
  const auto name_end = text ? text->rfind(')') : std::string::npos;
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text->substr(name_end + 1));
  std::string field;
  for (int i = 0; i < 20; ++i) fields >> field;
  const std::int64_t boot = BootTime(host);
  const auto ticks = static_cast<std::int64_t>(::sysconf(_SC_CLK_TCK));
  return boot == 0 || ticks <= 0 || field.empty() ? 0 : boot + Number(field) / ticks;
}

// A file of `files` that was written after `start`; empty if there is none. The boot's time is known to a second only.
std::string NewerThan(const std::vector<std::string>& files, std::int64_t start) {
  if (start == 0) return {};
  for (const std::string& file : files) {
    struct stat info {};
    if (::stat(file.c_str(), &info) == 0 && info.st_mtim.tv_sec > start + 1) return file;
  }
  return {};
}

// Where `setting`, which the dump has, stands in the files.
void NameSource(std::optional<containerd::Setting>& setting, const std::optional<containerd::Setting>& in_file) {
  if (setting && in_file && setting->value == in_file->value) setting->from = in_file->from;
}

Result<containerd::Note> FindOut(const Host& host, const std::string& version) {
  const std::string file = FileOf(host);
  const auto dump = Dump(host, file);
  if (!dump) return dump.error();
  auto settings = containerd::FromDump(*dump);
  if (!settings) return settings.error();
  const auto files = containerd::FromFiles(host.Path(file));
  if (files) {
    NameSource(settings->sandbox_image, files->sandbox_image);
    NameSource(settings->config_path, files->config_path);
    settings->files = files->files;
  }
  containerd::Note out{.version = version, .started = StartOf(host), .settings = std::move(*settings), .newer = {}};
  out.newer = NewerThan(out.settings.files, out.started);
  return out;
}

// What of `found` counts, `before` being what was noted: containerd has in force what its files said at its start.
containerd::Note InForce(containerd::Note found, const containerd::Note& before) {
  const bool same_start = found.started != 0 && found.started == before.started;
  const bool changed = found.settings != before.settings;
  if (found.newer.empty() && (!same_start || !changed)) return found;
  containerd::Note out = before;
  // What was removed since has no file that is newer.
  out.newer = found.newer.empty() ? "a file that is gone" : found.newer;
  return out;
}

}  // namespace

std::optional<containerd::Note> FindContainerdNote(const Host& host) {
  const auto text = ReadFile(host.Path(kContainerdNote), limits::kNoteBytes);
  auto note = text ? containerd::ParseNote(*text) : Result<containerd::Note>(text.error());
  if (!note) return std::nullopt;
  return std::move(*note);
}

Result<containerd::Note> NoteContainerd(const Host& host, const std::string& version) {
  auto found = FindOut(host, version);
  if (!found) return found.error();
  const auto before = FindContainerdNote(host);
  containerd::Note note = before ? InForce(std::move(*found), *before) : std::move(*found);
  // Nothing was noted while this containerd read its files: what they say now is not surely in force.
  if (!before && !note.newer.empty()) note.started = 0;
  if (before && *before == note) return note;
  const std::string path = host.Path(kContainerdNote);
  const std::string folder = fs::path(path).parent_path().string();
  std::error_code error;
  if (!fs::exists(folder, error)) {
    fs::create_directories(folder, error);
    ::chmod(folder.c_str(), 0700);
  }
  if (const Status written = WriteFile(path, containerd::ToText(note), 0600); !written) return written.error();
  return note;
}

}  // namespace pullseal::install
