// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_TRUST_MIRROR_H_
#define PULLSEAL_NODE_TRUST_MIRROR_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/http/http.h"

namespace pullseal::trust {

// Mirror is where a repository's files come from. Nothing that it gives is trusted.
class Mirror {
 public:
  virtual ~Mirror() = default;
  // A metadata file by its name, such as "3.root.json". kNotFound only where the mirror says for certain that it has
  // none; kLimit beyond `most` bytes; else kUnreachable, kTimeout, kRemote, kUnavailable.
  virtual Result<std::string> Metadata(const std::string& file, std::size_t most) = 0;
  // A target's file by its path, whose segments are plain (tuf::CheckTargetName). As above.
  virtual Result<std::string> Target(const std::string& path, std::size_t most) = 0;
};

// HttpMirror asks a web server: metadata at one base, targets at another. Redirects are followed, never from https to
// http; each request takes at most limits::kTrustRequestTime, all of them limits::kTrustUpdateTime from the first on.
class HttpMirror final : public Mirror {
 public:
  // Make takes http and https URLs; what stands behind "?" or "#" is refused. `targets` empty means "targets" below
  // `metadata`. `http` and `clock` must outlive it. kInvalid.
  static Result<std::unique_ptr<HttpMirror>> Make(http::Http& http, const Clock& clock, const std::string& metadata,
                                                  const std::string& targets);
  Result<std::string> Metadata(const std::string& file, std::size_t most) override;
  Result<std::string> Target(const std::string& path, std::size_t most) override;

 private:
  HttpMirror(http::Http& http, const Clock& clock, http::Url metadata, http::Url targets);
  Result<std::string> Get(const http::Url& base, const std::string& path, std::size_t most);
  Result<http::HttpResponse> Follow(http::HttpRequest request);

  http::Http& http_;
  const Clock& clock_;
  http::Url metadata_;
  http::Url targets_;
  SteadyTime end_;
};

// FolderMirror reads a folder in a mirror's layout: metadata in it or in its "metadata", targets in "targets".
class FolderMirror final : public Mirror {
 public:
  explicit FolderMirror(const std::string& folder);
  Result<std::string> Metadata(const std::string& file, std::size_t most) override;
  Result<std::string> Target(const std::string& path, std::size_t most) override;

 private:
  std::string metadata_;
  std::string targets_;
};

// ArchiveMirror reads the same layout out of a tar archive, at its top or in one folder of it.
class ArchiveMirror final : public Mirror {
 public:
  // Open reads the archive at `path`. kNotFound, kUnavailable, kInvalid (compressed ones too), kLimit.
  static Result<std::unique_ptr<ArchiveMirror>> Open(const std::string& path);
  Result<std::string> Metadata(const std::string& file, std::size_t most) override;
  Result<std::string> Target(const std::string& path, std::size_t most) override;

 private:
  ArchiveMirror() = default;
  Result<std::string> Get(const std::string& name, std::size_t most) const;

  std::string bytes_;
  std::map<std::string, std::string_view> files_;  // views of bytes_
  std::string metadata_;                           // with a slash at its end, or empty
  std::string targets_;
};

}  // namespace pullseal::trust

#endif  // PULLSEAL_NODE_TRUST_MIRROR_H_
