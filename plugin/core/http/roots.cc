// SPDX-License-Identifier: Apache-2.0
#include "core/http/roots.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string_view>

#include "core/base/file.h"
#include "core/base/mutex.h"
#include "core/http/limits.h"

namespace pullseal::http {

FileStamp FileStamp::Of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return FileStamp{info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

std::string SystemRootsFile() {
  if (const char* set = std::getenv("SSL_CERT_FILE"); set != nullptr && *set != '\0') return set;
  for (const char* path : {"/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu
                           "/etc/pki/tls/certs/ca-bundle.crt",                   // Azure Linux, Fedora
                           "/etc/ssl/ca-bundle.pem",                             // SUSE
                           "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL
                           "/etc/ssl/cert.pem"}) {                               // Alpine
    struct stat info {};
    if (::stat(path, &info) == 0) return path;
  }
  return {};
}

std::vector<std::string> SystemRootsFolders() {
  const char* set = std::getenv("SSL_CERT_DIR");
  if (set == nullptr || *set == '\0') return {"/etc/ssl/certs", "/etc/pki/tls/certs"};
  std::vector<std::string> out;
  for (std::string_view rest = set; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (end > 0) out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";

// Calls `visit` with what stands between the marks of each certificate, without white space.
template <typename Visit>
void ForEachCertificate(std::string_view text, const Visit& visit) {
  for (std::size_t begin = text.find(kBegin); begin != std::string_view::npos; begin = text.find(kBegin, begin + 1)) {
    const std::size_t from = begin + kBegin.size();
    const std::size_t end = text.find(kEnd, from);
    if (end == std::string_view::npos) return;
    std::string body(text.substr(from, end - from));
    std::erase_if(body, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    visit(std::move(body));
  }
}

}  // namespace

std::string CertificatesBeside(const std::string& text, const std::vector<std::string>& folders) {
  std::set<std::string> known;
  ForEachCertificate(text, [&](std::string body) { known.insert(std::move(body)); });
  std::string out;
  std::size_t files = 0;
  for (const std::string& folder : folders) {
    std::error_code error;
    for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      // A link within the folder is another name of a file that is read anyway.
      if (it->is_symlink(error) && !std::filesystem::read_symlink(it->path(), error).has_parent_path()) continue;
      if (!it->is_regular_file(error) || ++files > limits::kRootsFiles) continue;
      const auto read = ReadFile(it->path().string(), limits::kRootsBytes);
      if (!read) continue;
      ForEachCertificate(*read, [&](std::string body) {
        if (out.size() + body.size() > limits::kRootsBytes || !known.insert(body).second) return;
        out += std::string(kBegin) + "\n";
        for (std::size_t at = 0; at < body.size(); at += 64) out += body.substr(at, 64) + "\n";
        out += std::string(kEnd) + "\n";
      });
    }
  }
  return out;
}

// The bundle file, and what the folders have beside it, read again when a file comes or goes there.
void Roots::RefreshSystem(bool& changed) {
  const std::string system = SystemRootsFile();
  bool system_changed = false;
  // A machine without roots of its own may have all it needs in the files it was given.
  if (!system.empty()) (void)Refresh(system, system_, system_changed);
  const auto folders = SystemRootsFolders();
  std::vector<FileStamp> stamps;
  for (const std::string& folder : folders) stamps.push_back(FileStamp::Of(folder));
  if (!system_changed && stamps == folders_) return;
  folders_ = std::move(stamps);
  beside_ = CertificatesBeside(system_.text, folders);
  changed = true;
}

Status Roots::Refresh(const std::string& path, ReadFileOnce& file, bool& changed) {
  const FileStamp now = FileStamp::Of(path);
  if (now == file.stamp && !file.text.empty()) return {};
  auto text = ReadFile(path, limits::kRootsBytes);
  if (!text) return Error{ErrorCode::kUnavailable, text.error().message};
  file = ReadFileOnce{now, std::move(*text)};
  changed = true;
  return {};
}

Result<std::shared_ptr<const std::string>> Roots::With(const std::string& more) {
  const MutexLock lock(mutex_);
  bool changed = false;
  RefreshSystem(changed);
  if (!ca_file_.empty()) {
    if (const Status read = Refresh(ca_file_, own_, changed); !read) return read.error().In("registries.caFile");
  }
  if (changed) joined_.Clear();
  if (ca_file_.empty() && more.empty() && beside_.empty()) return std::shared_ptr<const std::string>();
  if (auto known = joined_.Find(more)) return *known;
  auto joined = std::make_shared<const std::string>(system_.text + "\n" + beside_ + own_.text + "\n" + more);
  joined_.Put(more, joined);
  return std::shared_ptr<const std::string>(joined);
}

}  // namespace pullseal::http
