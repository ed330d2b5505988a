// SPDX-License-Identifier: Apache-2.0
#include "image/credentials/azure_identity.h"

#include <algorithm>
#include <array>

#include "core/base/mutex.h"
#include "image/credentials/challenge.h"
#include "image/credentials/limits.h"
#include "image/credentials/token.h"

namespace pullseal::credentials {
namespace {

// What the node's identity proves itself for: container registries and nothing else of the subscription.
constexpr const char* kAudience = "https://containerregistry.azure.net";
constexpr const char* kRefreshTokenUser = "00000000-0000-0000-0000-000000000000";
constexpr auto kServiceConnectTime = std::chrono::milliseconds(1000);  // it is on this machine's own link

bool IsName(std::string_view label) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), plain);
}

// The metadata service says these while it is being updated or asked too often (Entra, "How to use managed
// identities").
bool MayPass(long status) { return status == 404 || status == 410 || status == 429 || status >= 500; }

}  // namespace

bool IsAzureRegistry(std::string_view host) {
  for (const std::string_view suffix : {".azurecr.io", ".azurecr.cn", ".azurecr.us", ".azurecr.de"}) {
    if (!host.ends_with(suffix)) continue;
    const std::string_view rest = host.substr(0, host.size() - suffix.size());
    if (IsName(rest)) return true;
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos || !rest.ends_with(".geo")) return false;
    const std::string_view region = rest.substr(dot + 1, rest.size() - std::min(rest.size(), dot + 1 + 4));
    return IsName(rest.substr(0, dot)) && IsName(region) && rest.size() > dot + 1 + 4;
  }
  return false;
}

template <typename Fetch>
Result<Secret> AzureIdentitySource::Shared(const std::string& key, SteadyTime deadline, const Fetch& fetch) {
  auto landed = flights_.Do(key, deadline, clock_, [&]() -> Result<Secret> {
    {
      const MutexLock lock(mutex_);
      if (const auto kept = kept_.Find(key); kept && clock_.Steady() < kept->expires) return kept->token;
    }
    Result<Kept> fetched = fetch();
    const MutexLock lock(mutex_);
    kept_.Put(key, fetched ? *fetched : Kept{fetched.error(), clock_.Steady() + limits::kCredentialRest});
    return fetched ? std::move(fetched->token) : fetched.error();
  });
  if (!landed) return Error{ErrorCode::kTimeout, "no token in time"};
  return std::move(landed->value);
}

Result<http::HttpRequest> IdentityRequest(const std::string& service, std::string_view audience,
                                          const std::string& client_id, const char* purpose, SteadyTime deadline) {
  auto url = http::Url::Parse(service + "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=" +
                              FormEscape(audience) + (client_id.empty() ? "" : "&client_id=" + FormEscape(client_id)));
  if (!url) return url.error();
  http::HttpRequest request;
  request.url = std::move(*url);
  request.headers = {"Metadata: true"};
  request.most = limits::kTokenBytes;
  request.deadline = deadline;
  request.reach = http::Reach::kMetadata;
  request.operation = "identity";
  request.purpose = purpose;
  return request;
}

Result<AzureIdentitySource::Kept> AzureIdentitySource::FetchIdentityToken(SteadyTime deadline) {
  auto made =
      IdentityRequest(service_, kAudience, client_id_, "the node's identity for container registries", deadline);
  if (!made) return made.error();
  http::HttpRequest request = std::move(*made);
  auto transport = std::make_shared<http::Transport>();
  transport->connect_time = kServiceConnectTime;
  request.transport = std::move(transport);
  auto pause = std::chrono::milliseconds(1000);
  for (int attempt = 1;; ++attempt) {
    auto response = http_.Do(request);
    if (!response) return response.error();
    if (response->status == 200) {
      auto token = ReadToken(response->body, {"access_token"}, clock_.Now());
      Wipe(response->body);
      if (!token) return token.error();
      const auto life = std::max(token->life - limits::kIdentityMargin, token->life / 2);
      return Kept{std::move(token->value), clock_.Steady() + life};
    }
    const bool again = MayPass(response->status) && attempt < limits::kAttempts;
    if (!again || pause > (deadline - clock_.Steady()) / 2) {
      return Error{ErrorCode::kUnavailable,
                   "the metadata service answered with status " + std::to_string(response->status)};
    }
    clock_.SleepFor(pause);
    pause *= 2;
  }
}

Result<AzureIdentitySource::Kept> AzureIdentitySource::ExchangeToken(const std::string& host, SteadyTime deadline) {
  auto identity = Shared("identity", deadline, [&] { return FetchIdentityToken(deadline); });
  if (!identity) return identity.error();
  http::HttpRequest request;
  request.method = "POST";
  request.url = http::Url{"https", host, "443", "/oauth2/exchange"};
  request.headers = {"Content-Type: application/x-www-form-urlencoded"};
  request.body =
      Secret("grant_type=access_token&service=" + FormEscape(host) + "&access_token=" + FormEscape(identity->text()));
  request.most = limits::kTokenBytes;
  request.deadline = deadline;
  request.operation = "token";
  request.purpose = "the node's identity exchanged for a registry's";
  request.credentials = "Azure identity";
  auto response = http_.Do(request);
  if (!response) return response.error();
  if (response->status != 200) {
    return Error{ErrorCode::kUnavailable,
                 "the registry's token exchange answered with status " + std::to_string(response->status)};
  }
  auto token = ReadToken(response->body, {"refresh_token"}, clock_.Now());
  Wipe(response->body);
  if (!token) return token.error();
  return Kept{std::move(token->value), clock_.Steady() + token->life * 9 / 10};
}

Result<std::vector<Credentials>> AzureIdentitySource::Find(const std::string& host, const std::string&,
                                                           SteadyTime deadline) {
  if (!IsAzureRegistry(host)) return std::vector<Credentials>{};
  auto token = Shared(host, deadline, [&] { return ExchangeToken(host, deadline); });
  if (!token) return token.error();
  Credentials out;
  out.username = kRefreshTokenUser;
  out.password = std::move(*token);
  out.source = "Azure identity";
  return std::vector<Credentials>{std::move(out)};
}

}  // namespace pullseal::credentials
