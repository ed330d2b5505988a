// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_OCI_REFERENCE_H_
#define PULLSEAL_IMAGE_OCI_REFERENCE_H_

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "image/oci/digest.h"

namespace pullseal::oci {

// Reference is an image name in the form containerd gives it (ParseDockerRef): the default host docker.io and its
// "library/" filled in, index.docker.io read as docker.io, tag "latest" where there is neither tag nor digest, and the
// tag dropped where there is a digest, because containerd pulls by the digest then. If one exists it is valid by the
// grammar of the distribution specification. Immutable; thread-safe.
class Reference {
 public:
  // Parse refuses what containerd refuses (upper case in the repository, a bare 64-character hexadecimal name, digests
  // of other algorithms), hosts that NormalHost refuses, and names longer than limits::kReferenceBytes. kInvalid.
  static Result<Reference> Parse(std::string_view text);

  // The host with its port as it was written ("localhost:5000"): where containerd would connect to, docker.io apart.
  const std::string& host() const { return host_; }
  // The path within the registry: "library/busybox".
  const std::string& path() const { return path_; }
  const std::string& tag() const { return tag_; }  // empty when there is a digest
  const std::optional<Digest>& digest() const { return digest_; }

  // host/path as containerd names it in its store.
  std::string Repository() const { return host_ + "/" + path_; }
  // host/path for matching and comparing: the host in its one spelling (NormalHost).
  std::string MatchName() const;
  // The same for rules that deny: all of Docker's hub's names count as docker.io. In other rules they must not, because
  // containerd takes most of them for registries of their own.
  std::string DenyName() const;
  // The full name: host/path:tag or host/path@digest.
  std::string Text() const;
  // The same repository at `digest`.
  Reference At(const Digest& digest) const;

 private:
  Reference() = default;
  std::string host_;
  std::string path_;
  std::string tag_;
  std::optional<Digest> digest_;
};

}  // namespace pullseal::oci

#endif  // PULLSEAL_IMAGE_OCI_REFERENCE_H_
