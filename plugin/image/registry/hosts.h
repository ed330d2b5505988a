// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_HOSTS_H_
#define PULLSEAL_IMAGE_REGISTRY_HOSTS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "core/http/http.h"
#include "core/http/roots.h"
#include "image/registry/limits.h"

namespace pullseal::registry {

// Endpoint is one place where containerd would look for a registry's images.
struct Endpoint {
  http::Url base;       // the API's root, without a slash at its end: https://reg.io:443/v2
  bool pull = true;     // content may be fetched here
  bool resolve = true;  // tags may be resolved here
  bool mirror = false;  // not the image's own host: requests name that in "ns" (distribution specification, "Proxying")
  std::string original;  // the image's own host
  std::string host;      // as containerd names it to those who give credentials: "reg.io", "reg.io:5000"
  std::shared_ptr<const http::Transport> transport;
  std::vector<std::string> headers;  // sent to it and to its token service
};
using Endpoints = std::shared_ptr<const std::vector<Endpoint>>;

// Hosts says where containerd would go for a registry's images, by the same files (docs/hosts.md of containerd;
// Docker's certificate folders where there is no hosts.toml). Files are read again when they change. Thread-safe.
class Hosts {
 public:
  // Told what was wrong with a file that is passed over, as containerd passes it over.
  using Warning = std::function<void(const std::string& text)>;

  // The folders of now; called from several threads.
  using Folders = std::function<std::vector<std::string>()>;
  static Folders Always(std::vector<std::string> folders) {
    return [folders = std::move(folders)] { return folders; };
  }

  // `folders` are searched in order for a folder of the host's name, `plain_http` are hosts (with port) that are spoken
  // to by http where no file says otherwise.
  Hosts(Folders folders, std::vector<std::string> plain_http, Warning warning)
      : folders_(std::move(folders)), plain_http_(std::move(plain_http)), warning_(std::move(warning)) {}

  // The endpoints for `host`, in the order in which they are tried; may be none. kUnavailable if a file that must be
  // used cannot be read.
  Result<Endpoints> For(const std::string& host);

 private:
  struct Known {
    std::string folder;
    std::vector<std::pair<std::string, http::FileStamp>> files;  // what it was read from
    Endpoints endpoints;
    bool IsCurrent() const;
  };
  std::string FolderOf(const std::string& host) const;
  Result<std::shared_ptr<const Known>> Read(const std::string& host, const std::string& folder) const;
  Endpoint Default(const std::string& host) const;

  const Folders folders_;
  const std::vector<std::string> plain_http_;
  const Warning warning_;
  Mutex mutex_;
  LruMap<std::shared_ptr<const Known>> known_ PULLSEAL_GUARDED_BY(mutex_){limits::kKnownHosts};
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_HOSTS_H_
