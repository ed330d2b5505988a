// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CREDENTIALS_CREDENTIALS_H_
#define PULLSEAL_IMAGE_CREDENTIALS_CREDENTIALS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret.h"

namespace pullseal::credentials {

// Credentials are what may be used at one registry. They live in memory only, are wiped and never logged.
struct Credentials {
  std::string username;
  Secret password;
  Secret identity_token;           // an OAuth 2 refresh token, instead of the two above
  std::string server;              // the host they are for (CRI AuthConfig.server_address); empty: the image's own
  std::string source = "request";  // whose they are, for people

  bool empty() const { return username.empty() && password.empty() && identity_token.empty(); }
  // Changes with the credentials and does not tell them.
  std::string Fingerprint() const;
};

// CredentialSource is a place of the node that has credentials for registries. Thread-safe.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  virtual std::string_view name() const = 0;
  // What it has for the repository `path` at `host` (as containerd names hosts: "docker.io", "reg.io:5000"), those to
  // be tried first in front; none is no error. An error says that it should have had an answer.
  virtual Result<std::vector<Credentials>> Find(const std::string& host, const std::string& path,
                                                SteadyTime deadline) = 0;
};
using CredentialSources = std::vector<std::shared_ptr<CredentialSource>>;

// ImagePattern is an entry of matchImages in a kubelet's credential provider configuration, or a key of a docker
// configuration: host[:port][/path] with globs in the labels of the host. Labels do not span dots, the number of labels
// and the port are the same, the path is a prefix (k8s.io/kubernetes pkg/credentialprovider, URLsMatch).
bool MatchesImage(std::string_view pattern, std::string_view host, std::string_view path);

// JoinedCredentials reads "user:password" in base64, as docker and people write it: wrapped, without padding; empty if
// it is none.
Credentials JoinedCredentials(std::string_view base64);

}  // namespace pullseal::credentials

#endif  // PULLSEAL_IMAGE_CREDENTIALS_CREDENTIALS_H_
