// SPDX-License-Identifier: Apache-2.0
#include "image/registry/requester.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "core/http/address.h"
#include "image/credentials/limits.h"
#include "image/registry/limits.h"

namespace pullseal::registry {
namespace {

bool IsRedirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool ShouldRetry(long status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

// Statuses that say that the registry may answer later. All others are answers about what was asked.
bool IsPassing(long status) { return status == 408 || status == 429 || status >= 500; }

// How long the registry asks us to wait: Retry-After in seconds or as a date (RFC 9110 section 10.2.3). Absent if it
// does not say so in either way.
std::optional<std::chrono::milliseconds> RetryAfter(const http::HttpResponse& response, WallTime now) {
  const std::string_view value = response.Header("retry-after");
  if (value.empty() || value.size() > 64) return std::nullopt;
  int seconds = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (code == std::errc() && end == value.data() + value.size() && seconds >= 0) {
    return std::max<std::chrono::milliseconds>(limits::kBackoffFirst, std::chrono::seconds(seconds));
  }
  const auto date = http::ParseHttpDate(value);
  if (!date) return std::nullopt;
  return std::max(limits::kBackoffFirst, std::chrono::duration_cast<std::chrono::milliseconds>(*date - now));
}

// A 403 with a Retry-After is no refusal: registries that count requests say "later" by it, too.
Error StatusError(long status, const std::string& what, bool may_lack, bool later) {
  const std::string text = what + ": HTTP status " + std::to_string(status);
  const bool lacks = may_lack && (status == 400 || status == 405 || status == 406);
  if (status == 404 || lacks) return Error{ErrorCode::kNotFound, text};
  if (status == 429 || (status == 403 && later)) return Error{ErrorCode::kThrottled, text};
  if (status == 401 || status == 403) return Error{ErrorCode::kUnauthorized, text};
  return Error{ErrorCode::kRemote, text};
}

// Quotas are counted apart for listing referrers, which is the scarce one (ACR, "Registry rate limits").
Asker AskerOf(const Where& where, const Ask& ask) {
  const bool referrers = std::string_view(ask.operation) == "referrers";
  return Asker{where.endpoint.base.host + ":" + where.endpoint.base.port, referrers ? "referrers" : "",
               where.repository.path(), where.credentials.Fingerprint()};
}

}  // namespace

Result<http::HttpResponse> Requester::FollowRedirects(http::HttpRequest request, const std::string& path,
                                                      bool& no_connection) {
  const http::Url origin = request.url;
  for (int hop = 0; hop <= limits::kRedirects; ++hop) {
    auto response = http_.Do(request);
    no_connection = hop == 0 && !response && response.error().code == ErrorCode::kUnreachable;
    // Only the registry itself may ask for credentials: what it redirects to could name a token service of its own. A
    // token for nobody is nothing that could be had by that.
    if (response && response->status == 401 && !request.url.SameOrigin(origin)) {
      auto grant = authorizer_.Anonymous(request, *response, path);
      if (!grant) {
        return grant.error().In("the registry redirects to " + request.url.host +
                                ", which wants credentials of its own");
      }
      request.authorization = grant->header;
      request.credentials = grant->credentials;
      response = http_.Do(request);
      // Its challenge must never be taken for the registry's own, which is answered with credentials.
      if (response && response->status == 401) {
        return Error{ErrorCode::kUnauthorized, "the host that the registry redirects to refuses its own token"};
      }
    }
    if (!response || !IsRedirect(response->status)) return response;
    auto next = request.url.Resolve(response->Header("location"));
    if (!next) return Error{ErrorCode::kRemote, "the registry redirects to an invalid location"};
    if (next->scheme == "http" && request.url.scheme == "https") {
      return Error{ErrorCode::kRemote, "the registry redirects from https to http; refused"};
    }
    if (next->host != origin.host && !http::MayName(response->peer, next->host)) {
      return Error{ErrorCode::kRemote, "the registry redirects to an internal address; refused"};
    }
    // What was meant for one host never crosses to another scheme, host or port: neither credentials nor the headers
    // and the client certificate of its configuration.
    if (!next->SameOrigin(request.url)) {
      std::erase_if(request.headers, [](const std::string& header) { return !header.starts_with("Accept:"); });
      request.authorization = Secret();
      request.credentials = "none";
      request.transport = http::TransportForOthers(request.transport);
      if (next->host != origin.host) request.reach = http::ReachOfNamed(response->peer);
    }
    request.url = std::move(*next);
  }
  return Error{ErrorCode::kLimit, "the registry redirects more than " + std::to_string(limits::kRedirects) + " times"};
}

Result<http::HttpResponse> Requester::Once(const Where& where, const Ask& ask, bool& no_connection) {
  const Endpoint& endpoint = where.endpoint;
  http::HttpRequest request;
  request.method = ask.method;
  request.url = endpoint.base;
  std::string& path = request.url.path_and_query;
  path += "/" + where.repository.path() + "/" + ask.resource;
  if (endpoint.mirror && path.find("ns=") == std::string::npos) {
    path += (path.find('?') == std::string::npos ? "?ns=" : "&ns=") + credentials::FormEscape(endpoint.original);
  }
  request.headers = endpoint.headers;
  request.most = ask.most;
  request.deadline = where.deadline;
  request.transport = endpoint.transport;
  request.operation = ask.operation;
  request.purpose = ask.purpose;
  if (ask.accept != nullptr) request.headers.emplace_back(ask.accept);
  auto slot = slots_.Take(endpoint.base.host + ":" + endpoint.base.port, where.deadline, clock_);
  if (!slot) return slot.error();
  return authorizer_.Exchange(endpoint, where.repository.path(), where.credentials, where.deadline,
                              [&](const Grant* grant) {
                                http::HttpRequest copy = request;
                                if (grant != nullptr) {
                                  copy.authorization = grant->header;
                                  copy.credentials = grant->credentials;
                                }
                                return FollowRedirects(std::move(copy), where.repository.path(), no_connection);
                              });
}

// One who was asked for less waits, if the answer can still come in time; for what is down nobody waits.
Status Requester::Await(const Asker& asker, SteadyTime deadline) {
  const auto rest = backoff_.Resting(asker);
  if (!rest) return {};
  const auto wait = Jittered(rest->left);
  if (rest->error.code != ErrorCode::kThrottled || wait + limits::kAnswerTime > deadline - clock_.Steady()) {
    return rest->error;
  }
  clock_.SleepFor(wait);
  return {};
}

Result<http::HttpResponse> Requester::Get(const Where& where, const Ask& ask) {
  const std::string what =
      std::string(ask.operation) + " " + where.endpoint.host + "/" + where.repository.path() + " " + ask.resource;
  const Asker asker = AskerOf(where, ask);
  std::chrono::milliseconds pause = limits::kBackoffFirst;
  int failures = 0;
  for (int attempt = 1;; ++attempt) {
    if (const Status may = Await(asker, where.deadline); !may) return may.error();
    bool no_connection = false;
    auto response = Once(where, ask, no_connection);
    if (response && response->status == 200) {
      backoff_.Succeeded(asker);
      return response;
    }
    const auto asked = response ? RetryAfter(*response, clock_.Now()) : std::nullopt;
    const Error error =
        response ? StatusError(response->status, what, ask.may_lack, asked.has_value()) : response.error().In(what);
    if (error.code == ErrorCode::kThrottled) {
      // The next attempt waits as all others do who ask the same.
      backoff_.Failed(asker, error, asked.value_or(std::min<std::chrono::milliseconds>(pause * 5, limits::kRestMost)));
      if (attempt >= limits::kThrottledAttempts) return error;
    } else {
      const bool again = response ? ShouldRetry(response->status) : error.code == ErrorCode::kUnreachable;
      const auto wait = Jittered(asked.value_or(pause));
      // Waiting is only worth it if half of the time left remains for the answer.
      const bool in_time = wait <= (where.deadline - clock_.Steady()) / 2;
      if (!again || !where.last || ++failures == limits::kAttempts || !in_time) {
        Note(asker, error, response ? response->status : 0, no_connection, asked);
        return error;
      }
      clock_.SleepFor(wait);
    }
    pause *= 3;
  }
}

// What is no answer of the registry at all and no trouble of its connections (credentials that nobody has, nonsense)
// says nothing about later.
void Requester::Note(const Asker& asker, const Error& error, long status, bool no_connection,
                     std::optional<std::chrono::milliseconds> asked) {
  if (no_connection) {
    backoff_.Unreachable(asker, error);
  } else if (status != 0 && !IsPassing(status)) {
    backoff_.Succeeded(asker);
  } else if (status != 0 || error.code == ErrorCode::kUnreachable || error.code == ErrorCode::kTimeout) {
    backoff_.Failed(asker, error, asked);
  }
}

}  // namespace pullseal::registry
