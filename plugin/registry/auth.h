#ifndef PULLSEAL_REGISTRY_AUTH_H_
#define PULLSEAL_REGISTRY_AUTH_H_

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/lru.h"
#include "base/result.h"
#include "registry/http.h"

namespace pullseal::registry {

// Credentials are what one caller may use at one registry. They live in memory only and are never logged.
struct Credentials {
  std::string username;
  std::string password;
  std::string identity_token;  // an OAuth 2 refresh token, instead of the two above

  bool empty() const { return username.empty() && password.empty() && identity_token.empty(); }
  // Changes with the credentials and does not tell them.
  std::string Fingerprint() const;
};

// Challenge is one entry of a WWW-Authenticate header (RFC 9110 section 11.6.1).
struct Challenge {
  std::string scheme;                             // lower case
  std::map<std::string, std::string> parameters;  // names in lower case
};

// ParseChallenges reads the values of a response's WWW-Authenticate headers. What cannot be read ends the list.
std::vector<Challenge> ParseChallenges(const HttpResponse& response);

// Authorizer answers challenges with Authorization headers and remembers them per registry, repository and credentials
// until they expire. Follows the Docker token specification (distribution, "Token Authentication"). Thread-safe.
class Authorizer {
 public:
  Authorizer(Http& http, const Clock& clock) : http_(http), clock_(clock) {}

  // The header value to send with the first request; absent if none is remembered.
  std::optional<std::string> Remembered(const Url& registry, const std::string& path, const Credentials& credentials);
  // Forgets it, after the registry refused it.
  void Forget(const Url& registry, const std::string& path, const Credentials& credentials);
  // Answers the challenge in `response`, which came from `registry` itself. kUnauthorized if it cannot be answered.
  Result<std::string> Answer(const HttpResponse& response, const Url& registry, const std::string& path,
                             const Credentials& credentials, SteadyTime deadline);

 private:
  struct Grant {
    std::string header;
    SteadyTime expires;
  };
  Result<Grant> FetchToken(const Challenge& challenge, const Url& registry, const std::string& path,
                           const Credentials& credentials, SteadyTime deadline);

  Http& http_;
  const Clock& clock_;
  std::mutex mutex_;
  LruMap<Grant> grants_{limits::kCachedTokens};  // guarded by mutex_
};

}  // namespace pullseal::registry

#endif  // PULLSEAL_REGISTRY_AUTH_H_
