// SPDX-License-Identifier: Apache-2.0
#include "image/registry/auth.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/mutex.h"
#include "core/http/address.h"
#include "image/credentials/limits.h"
#include "image/credentials/token.h"

namespace pullseal::registry {
namespace {

// ACR gives refresh tokens as a password of this user (azure-docs, "Authenticate with an Azure container registry").
constexpr std::string_view kRefreshTokenUser = "00000000-0000-0000-0000-000000000000";

Secret BasicHeader(const credentials::Credentials& credentials) {
  const Secret joined(credentials.username + ":" + credentials.password.text());
  return Secret("Basic " + Base64Encode(AsBytes(joined.text())));
}

// A token realm gets credentials, so it must be as safe as the registry, which answered from `peer`: https unless the
// registry itself is plain, and no internal address unless it is the registry's own host or the registry is internal.
Result<http::Url> CheckRealm(const std::string& realm, const http::Url& registry, const std::string& peer) {
  auto url = http::Url::Parse(realm);
  if (!url) return Error{ErrorCode::kRemote, "the registry's token realm is not a valid URL"};
  if (url->scheme != "https" && registry.scheme == "https") {
    return Error{ErrorCode::kRemote, "the registry's token realm is plain http; refused"};
  }
  if (url->host != registry.host && !http::MayName(peer, url->host)) {
    return Error{ErrorCode::kRemote, "the registry's token realm is an internal address; refused"};
  }
  return url;
}

// What to ask for: to pull this repository and nothing else. Its name is that within the registry, to which the path of
// a mirror belongs; only where that path does not begin as usual, the challenge tells.
std::string ScopeFor(const Endpoint& endpoint, const std::string& path, const credentials::Challenge& challenge) {
  std::string_view prefix = endpoint.base.path_and_query;
  if (prefix == "/v2" || prefix.starts_with("/v2/")) {
    prefix.remove_prefix(3);
    if (prefix.starts_with('/')) prefix.remove_prefix(1);
    return "repository:" + (prefix.empty() ? "" : std::string(prefix) + "/") + path + ":pull";
  }
  const std::string scope = challenge.Parameter("scope");
  const std::size_t last = scope.rfind(':');
  const bool ours =
      scope.starts_with("repository:") && scope.find(' ') == std::string::npos && scope.substr(0, last).ends_with(path);
  return ours ? scope.substr(0, last) + ":pull" : "repository:" + path + ":pull";
}

// The repository in a URL of the distribution API, such as /v2/NAME/manifests/1; `otherwise` in any other.
std::string PathOf(const http::Url& url, const std::string& otherwise) {
  constexpr std::string_view kRoot = "/v2/";
  const std::string& text = url.path_and_query;
  if (!text.starts_with(kRoot)) return otherwise;
  for (const char* kind : {"/manifests/", "/blobs/", "/referrers/"}) {
    const std::size_t end = text.rfind(kind);
    if (end != std::string::npos && end > kRoot.size()) return text.substr(kRoot.size(), end - kRoot.size());
  }
  return otherwise;
}

Error TokenError(long status) {
  if (status == 429) return Error{ErrorCode::kThrottled, "the registry's token service throttles"};
  if (status >= 500) return Error{ErrorCode::kRemote, "the registry's token service failed"};
  return Error{ErrorCode::kUnauthorized, "the registry's token service refused"};
}

}  // namespace

// Credentials are for the host they name, else for the image's own; what containerd also does, to give them to every
// mirror, is done where the operator says so.
bool Authorizer::IsFor(const Endpoint& endpoint, const credentials::Credentials& request) const {
  if (request.server.empty()) return !endpoint.mirror || forward_;
  const bool docker = endpoint.original == "docker.io" && !endpoint.mirror &&
                      (request.server == "docker.io" || request.server == "index.docker.io");
  return docker || request.server == endpoint.host;
}

Result<http::HttpResponse> Authorizer::Exchange(const Endpoint& endpoint, const std::string& path,
                                                const credentials::Credentials& request, SteadyTime deadline,
                                                const Send& send) {
  const bool usable = !request.empty() && IsFor(endpoint, request);
  const std::string key = endpoint.base.Text() + "/" + path + "#" +
                          (usable ? request.Fingerprint() : credentials::Credentials().Fingerprint());
  std::optional<Grant> remembered;
  {
    const MutexLock lock(mutex_);
    remembered = grants_.Find(key);
    if (remembered && remembered->expires <= clock_.Steady()) remembered.reset();
  }
  auto response = send(remembered ? &*remembered : nullptr);
  if (!response || response->status != 401) return response;

  const http::HttpResponse challenged = *response;
  const Case one{endpoint, path, challenged, deadline};
  Error refusal{ErrorCode::kUnauthorized, "the registry wants credentials and there are none"};
  std::string notes;  // of sources that should have had credentials
  bool tried = false;
  // True if this was the answer to go on with.
  const auto attempt = [&](const credentials::Credentials& credentials) {
    tried = true;
    auto grant = Answer(one, credentials);
    if (!grant) {
      refusal = grant.error();
      response = refusal;
      return refusal.code != ErrorCode::kUnauthorized;
    }
    response = send(&*grant);
    if (response && (response->status == 401 || response->status == 403)) return false;
    const MutexLock lock(mutex_);
    if (response) grants_.Put(key, std::move(*grant));
    return true;
  };
  if (remembered) {
    const MutexLock lock(mutex_);
    grants_.Erase(key);
  }
  if (usable && attempt(request)) return response;
  const std::string asked_for = endpoint.mirror ? endpoint.host : endpoint.original;
  for (const auto& source : sources_) {
    auto found = source->Find(asked_for, path, deadline);
    if (!found) notes += "; " + std::string(source->name()) + ": " + found.error().message;
    for (const credentials::Credentials& credentials : found ? *found : std::vector<credentials::Credentials>{}) {
      if (attempt(credentials)) return response;
    }
  }
  if (!tried && attempt(credentials::Credentials{})) return response;
  if (response && notes.empty()) return response;
  if (response) refusal.message = "HTTP status " + std::to_string(response->status);
  refusal.message += notes;
  return refusal;
}

Result<Grant> Authorizer::Answer(const Case& one, const credentials::Credentials& credentials) {
  for (const credentials::Challenge& challenge : credentials::ParseChallenges(one.response)) {
    if (challenge.scheme == "bearer") return FetchToken(one, challenge, credentials);
    if (challenge.scheme == "basic" && !credentials.username.empty()) {
      return Grant{BasicHeader(credentials), credentials.source, clock_.Steady() + limits::kTokenLongestLife};
    }
  }
  return Error{ErrorCode::kUnauthorized, credentials.empty() ? "the registry wants credentials and there are none"
                                                             : "the registry's challenge cannot be answered"};
}

Result<http::HttpResponse> Authorizer::Ask(const Case& one, const http::Url& realm, const std::string& query,
                                           const credentials::Credentials& credentials) {
  http::HttpRequest request;
  request.url = realm;
  request.most = limits::kTokenBytes;
  request.deadline = one.deadline;
  request.operation = "token";
  request.credentials = credentials.empty() ? "none" : credentials.source;
  const bool same_host = realm.host == one.endpoint.base.host;
  request.reach = same_host ? one.reach : http::ReachOfNamed(one.response.peer);
  request.transport = same_host ? one.endpoint.transport : http::TransportForOthers(one.endpoint.transport);
  if (same_host) request.headers = one.endpoint.headers;
  const bool is_refresh = credentials.username == kRefreshTokenUser;
  const Secret& refresh = is_refresh ? credentials.password : credentials.identity_token;
  if (!refresh.empty()) {
    request.method = "POST";
    request.headers.emplace_back("Content-Type: application/x-www-form-urlencoded");
    request.body =
        Secret("grant_type=refresh_token&refresh_token=" + credentials::FormEscape(refresh.text()) + "&" + query);
  } else {
    request.url.path_and_query += (realm.path_and_query.find('?') == std::string::npos ? "?" : "&") + query;
    if (!credentials.username.empty()) request.authorization = BasicHeader(credentials);
  }
  request.purpose = "token to pull " + one.path;
  return http_.Do(request);
}

Result<Grant> Authorizer::FetchToken(const Case& one, const credentials::Challenge& challenge,
                                     const credentials::Credentials& credentials) {
  const auto realm = CheckRealm(challenge.Parameter("realm"), one.endpoint.base, one.response.peer);
  if (!realm) return realm.error();
  // As containerd does: a challenge without a service gets a question without one.
  const std::string service = challenge.Parameter("service");
  const std::string query = (service.empty() ? "" : "service=" + credentials::FormEscape(service) + "&") +
                            "scope=" + credentials::FormEscape(ScopeFor(one.endpoint, one.path, challenge)) +
                            "&client_id=pullseal";
  const std::string key = realm->Text() + "|" + query + "|" + credentials.Fingerprint();
  auto landed = flights_.Do(key, one.deadline, clock_, [&]() -> Result<Grant> {
    auto response = Ask(one, *realm, query, credentials);
    if (!response) return response.error().In("token request");
    if (response->status < 200 || response->status > 299) return TokenError(response->status);
    auto token = credentials::ReadToken(response->body, {"token", "access_token"}, clock_.Now());
    Wipe(response->body);
    if (!token) return token.error();
    return Grant{Secret("Bearer " + token->value.text()), credentials.empty() ? "anonymous" : credentials.source,
                 clock_.Steady() + token->life * 9 / 10};
  });
  if (!landed) return Error{ErrorCode::kTimeout, "waiting for a token that another question asked for"};
  return std::move(landed->value);
}

Result<Grant> Authorizer::Anonymous(const http::HttpRequest& request, const http::HttpResponse& response,
                                    const std::string& path) {
  Endpoint endpoint;
  endpoint.base = request.url;
  endpoint.base.path_and_query.clear();
  endpoint.transport = request.transport;
  const std::string there = PathOf(request.url, path);
  const Case one{endpoint, there, response, request.deadline, request.reach};
  for (const credentials::Challenge& challenge : credentials::ParseChallenges(response)) {
    if (challenge.scheme == "bearer") return FetchToken(one, challenge, credentials::Credentials{});
  }
  return Error{ErrorCode::kUnauthorized, "it gives no anonymous tokens"};
}

}  // namespace pullseal::registry
