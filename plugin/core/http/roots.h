// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_HTTP_ROOTS_H_
#define PULLSEAL_CORE_HTTP_ROOTS_H_

#include <sys/types.h>
#include <time.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/base/result.h"

namespace pullseal::http {

// FileStamp tells whether a file is still the one that was read: the same place, size and times.
struct FileStamp {
  static FileStamp Of(const std::string& path);  // all zero where there is none
  bool operator==(const FileStamp& other) const = default;

  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  time_t seconds = 0;
  long nanoseconds = 0;
};

// SystemRootsFolders are the folders whose files are authorities, too: those of SSL_CERT_DIR, separated by colons, if
// it is set, else /etc/ssl/certs and /etc/pki/tls/certs (Go, crypto/x509 SystemCertPool).
std::vector<std::string> SystemRootsFolders();

// CertificatesBeside returns the PEM certificates of the files of `folders` that `text` does not hold already, at most
// limits::kRootsBytes of limits::kRootsFiles files; files that cannot be read are passed over, as Go does.
std::string CertificatesBeside(const std::string& text, const std::vector<std::string>& folders);

// SystemRootsFile is the file with the certificate authorities that this machine trusts: SSL_CERT_FILE if it is set, as
// Go programs read it, else where distributions keep it. Empty if there is none.
std::string SystemRootsFile();

// Roots joins the certificate authorities that TLS servers are checked against. Files are read again when they change.
// Thread-safe.
class Roots {
 public:
  // `ca_file` is read beside the system's roots; empty: none.
  explicit Roots(std::string ca_file) : ca_file_(std::move(ca_file)) {}

  // The system's roots, those of the CA file and `more` (PEM) in one text; null if the system's file alone is wanted.
  // kUnavailable if the CA file cannot be read.
  Result<std::shared_ptr<const std::string>> With(const std::string& more);

 private:
  struct ReadFileOnce {
    FileStamp stamp;
    std::string text;
  };
  Status Refresh(const std::string& path, ReadFileOnce& file, bool& changed);
  void RefreshSystem(bool& changed) PULLSEAL_REQUIRES(mutex_);

  const std::string ca_file_;
  Mutex mutex_;
  ReadFileOnce system_ PULLSEAL_GUARDED_BY(mutex_);
  ReadFileOnce own_ PULLSEAL_GUARDED_BY(mutex_);
  std::vector<FileStamp> folders_ PULLSEAL_GUARDED_BY(mutex_);
  std::string beside_ PULLSEAL_GUARDED_BY(mutex_);  // what the folders have beside system_
  LruMap<std::shared_ptr<const std::string>> joined_ PULLSEAL_GUARDED_BY(mutex_){16};  // by `more`
};

}  // namespace pullseal::http

#endif  // PULLSEAL_CORE_HTTP_ROOTS_H_
