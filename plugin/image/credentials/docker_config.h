// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CREDENTIALS_DOCKER_CONFIG_H_
#define PULLSEAL_IMAGE_CREDENTIALS_DOCKER_CONFIG_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/mutex.h"
#include "core/http/roots.h"
#include "image/credentials/credentials.h"

namespace pullseal::credentials {

// The credentials of a docker config.json by what they are for, in the order in which kubelet tries them.
using DockerAuths = std::vector<std::pair<std::string, Credentials>>;

// ParseDockerConfig reads the member "auths": username and password, "auth", or "identitytoken". Credential helpers are
// not asked. kInvalid.
Result<DockerAuths> ParseDockerConfig(std::string_view text);

// DockerConfigSource has the credentials of a docker config.json, read again when it changes. Thread-safe.
class DockerConfigSource final : public CredentialSource {
 public:
  explicit DockerConfigSource(std::string file) : file_(std::move(file)) {}

  std::string_view name() const override { return "docker configuration"; }
  Result<std::vector<Credentials>> Find(const std::string& host, const std::string& path, SteadyTime deadline) override;

 private:
  const std::string file_;
  Mutex mutex_;
  http::FileStamp stamp_ PULLSEAL_GUARDED_BY(mutex_);
  std::shared_ptr<const DockerAuths> auths_ PULLSEAL_GUARDED_BY(mutex_);
};

}  // namespace pullseal::credentials

#endif  // PULLSEAL_IMAGE_CREDENTIALS_DOCKER_CONFIG_H_
