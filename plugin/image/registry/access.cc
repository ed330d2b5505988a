// SPDX-License-Identifier: Apache-2.0
#include "image/registry/access.h"

#include "core/http/libcurl.h"
#include "image/containerd/configuration.h"
#include "image/credentials/azure_identity.h"
#include "image/credentials/credential_provider.h"
#include "image/credentials/docker_config.h"

namespace pullseal::registry {
namespace {

// Where containerd looks; as long as nothing is known of it, where it usually does.
Hosts::Folders HostsFolders(const Settings& settings) {
  if (settings.certs_dirs) return Hosts::Always(*settings.certs_dirs);
  auto known = std::make_shared<containerd::Configuration>(settings.containerd_config, settings.containerd_note);
  return [known] {
    const auto in_force = known->Get();
    return containerd::HostsFolders(in_force ? *in_force : containerd::Settings{});
  };
}

credentials::CredentialSources Sources(const Settings& settings, http::Http& http, const Clock& clock,
                                       const Hosts::Warning& warning) {
  credentials::CredentialSources out;
  if (!settings.provider_config.empty()) {
    out.push_back(std::make_shared<credentials::ProviderSource>(settings.provider_config, settings.provider_folder,
                                                                clock, warning));
  }
  if (settings.azure_identity) {
    out.push_back(std::make_shared<credentials::AzureIdentitySource>(http, clock, *settings.azure_identity));
  }
  if (!settings.docker_config.empty())
    out.push_back(std::make_shared<credentials::DockerConfigSource>(settings.docker_config));
  return out;
}

}  // namespace

Access::Access(const Settings& settings, const Clock& clock, http::RequestObserver observer, Hosts::Warning warning)
    : curl_(http::MakeCurlHttp(settings.ca_file)),
      http_(*curl_, clock, std::move(observer)),
      client_(http_, clock,
              Config{settings.plain_http, HostsFolders(settings), settings.forward_to_mirrors,
                     Sources(settings, http_, clock, warning), warning, settings.peer_mirrors}) {}

Status CheckHttp() {
  if (http::Libcurl::Get() != nullptr) return {};
  return Error{ErrorCode::kUnavailable, "libcurl.so.4 cannot be loaded, so no registry can be asked"};
}

}  // namespace pullseal::registry
