// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CREDENTIALS_AZURE_IDENTITY_H_
#define PULLSEAL_IMAGE_CREDENTIALS_AZURE_IDENTITY_H_

#include <string>
#include <string_view>

#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/base/single_flight.h"
#include "core/http/http.h"
#include "image/credentials/credentials.h"
#include "image/credentials/limits.h"

namespace pullseal::credentials {

// IsAzureRegistry says whether `host` is the login server of an Azure container registry: NAME.azurecr.io, .cn, .us or
// .de, or NAME.REGION.geo.azurecr.io; NAME of lower-case letters, digits and inner hyphens. Nothing else: no port, no
// trailing dot, no further label. A look-alike must never get the node's identity.
bool IsAzureRegistry(std::string_view host);

// IdentityRequest asks the instance metadata service at `service` for a token of this machine's managed identity for
// `audience`; `client_id` chooses among several, empty: the only or system-assigned one. `purpose` is told in logs.
// (Microsoft: "How to use managed identities for Azure resources on an Azure VM to acquire an access token".)
Result<http::HttpRequest> IdentityRequest(const std::string& service, std::string_view audience,
                                          const std::string& client_id, const char* purpose, SteadyTime deadline);

// AzureIdentitySource gets credentials for Azure container registries by the node's managed identity: a token of the
// instance metadata service, exchanged at the registry itself for a refresh token (Azure/acr docs/AAD-OAuth.md). Tokens
// are kept until shortly before they end. Thread-safe.
class AzureIdentitySource final : public CredentialSource {
 public:
  // `client_id` chooses among several user-assigned identities; empty: the only or system-assigned one. `service` is
  // where the metadata service is.
  AzureIdentitySource(http::Http& http, const Clock& clock, std::string client_id,
                      std::string service = "http://169.254.169.254")
      : http_(http), clock_(clock), client_id_(std::move(client_id)), service_(std::move(service)) {}

  std::string_view name() const override { return "Azure identity"; }
  Result<std::vector<Credentials>> Find(const std::string& host, const std::string& path, SteadyTime deadline) override;

 private:
  struct Kept {
    Result<Secret> token;
    SteadyTime expires;
  };
  // The token under `key`, or what `fetch` gives, which several callers wait for together.
  template <typename Fetch>
  Result<Secret> Shared(const std::string& key, SteadyTime deadline, const Fetch& fetch);
  Result<Kept> FetchIdentityToken(SteadyTime deadline);
  Result<Kept> ExchangeToken(const std::string& host, SteadyTime deadline);

  http::Http& http_;
  const Clock& clock_;
  const std::string client_id_;
  const std::string service_;
  SingleFlight<Result<Secret>> flights_;
  Mutex mutex_;
  LruMap<Kept> kept_ PULLSEAL_GUARDED_BY(mutex_){limits::kProviderAnswers};
};

}  // namespace pullseal::credentials

#endif  // PULLSEAL_IMAGE_CREDENTIALS_AZURE_IDENTITY_H_
