// SPDX-License-Identifier: Apache-2.0
#include "core/http/roots.h"

#include <sys/stat.h>

#include <cstdlib>

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
  if (ca_file_.empty() && more.empty()) return std::shared_ptr<const std::string>();
  const MutexLock lock(mutex_);
  bool changed = false;
  const std::string system = SystemRootsFile();
  // A machine without roots of its own may have all it needs in the files it was given.
  if (!system.empty()) (void)Refresh(system, system_, changed);
  if (!ca_file_.empty()) {
    if (const Status read = Refresh(ca_file_, own_, changed); !read) return read.error().In("registries.caFile");
  }
  if (changed) joined_.Clear();
  if (auto known = joined_.Find(more)) return *known;
  auto joined = std::make_shared<const std::string>(system_.text + "\n" + own_.text + "\n" + more);
  joined_.Put(more, joined);
  return std::shared_ptr<const std::string>(joined);
}

}  // namespace pullseal::http
