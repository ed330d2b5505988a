// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_AUTH_H_
#define PULLSEAL_IMAGE_REGISTRY_AUTH_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/base/single_flight.h"
#include "core/http/http.h"
#include "image/credentials/challenge.h"
#include "image/credentials/credentials.h"
#include "image/registry/hosts.h"
#include "image/registry/limits.h"

namespace pullseal::registry {

// Grant is what opened a repository: the Authorization header, whose credentials it came from, how long it lasts.
struct Grant {
  Secret header;
  std::string credentials;
  SteadyTime expires;
};

// Authorizer answers a registry's challenges: with the request's credentials where they are for that host, then with
// those that the node's sources have, at last as nobody. What worked is remembered per endpoint, repository and request
// credentials until it expires. Follows the Docker token specification (distribution, "Token Authentication").
// Thread-safe.
class Authorizer {
 public:
  // Makes the request with a grant, or without one.
  using Send = std::function<Result<http::HttpResponse>(const Grant* grant)>;

  // `forward`: the request's credentials are also for mirrors, as containerd takes them.
  Authorizer(http::Http& http, const Clock& clock, credentials::CredentialSources sources, bool forward)
      : http_(http), clock_(clock), sources_(std::move(sources)), forward_(forward) {}

  // Sends, and sends again with credentials as long as the answer is 401 or 403 and there are others to try. Returns
  // the last answer; kUnauthorized if a challenge could not be answered at all.
  Result<http::HttpResponse> Exchange(const Endpoint& endpoint, const std::string& path,
                                      const credentials::Credentials& request, SteadyTime deadline, const Send& send);

  // A token for nobody, for a host that is no registry of ours but was redirected to and answered `request` with a
  // challenge: nothing of ours is sent there. `path` is the repository's, where the request's URL names none.
  Result<Grant> Anonymous(const http::HttpRequest& request, const http::HttpResponse& response,
                          const std::string& path);

 private:
  // What a challenge is answered for.
  struct Case {
    const Endpoint& endpoint;
    const std::string& path;
    const http::HttpResponse& response;  // the one with the challenge
    SteadyTime deadline;
    http::Reach reach = http::Reach::kConfigured;  // of the endpoint itself
  };
  bool IsFor(const Endpoint& endpoint, const credentials::Credentials& request) const;
  Result<Grant> Answer(const Case& one, const credentials::Credentials& credentials);
  Result<Grant> FetchToken(const Case& one, const credentials::Challenge& challenge,
                           const credentials::Credentials& credentials);
  Result<http::HttpResponse> Ask(const Case& one, const http::Url& realm, const std::string& query,
                                 const credentials::Credentials& credentials);

  http::Http& http_;
  const Clock& clock_;
  const credentials::CredentialSources sources_;
  const bool forward_;
  SingleFlight<Result<Grant>> flights_;
  Mutex mutex_;
  LruMap<Grant> grants_ PULLSEAL_GUARDED_BY(mutex_){limits::kCachedTokens};
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_AUTH_H_
