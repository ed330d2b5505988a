// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_REGISTRY_ACCESS_H_
#define PULLSEAL_IMAGE_REGISTRY_ACCESS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/http/http.h"
#include "image/registry/client.h"
#include "image/registry/hosts.h"

namespace pullseal::registry {

// Settings is how a node reaches registries: the section `registries` of its configuration.
struct Settings {
  std::vector<std::string> plain_http;                 // hosts (with port) spoken to by http
  std::string ca_file;                                 // PEM, beside the system's roots; empty: none
  std::optional<std::vector<std::string>> certs_dirs;  // absent: those of containerd's own configuration
  std::string containerd_config = "/etc/containerd/config.toml";
  std::string containerd_note;                // what was found of it on the host (image/containerd/note.h); empty: none
  bool forward_to_mirrors = false;            // a request's credentials are also for mirrors
  std::string provider_config;                // kubelet's CredentialProviderConfig; empty: none
  std::string provider_folder;                // kubelet's folder of credential provider plugins
  std::optional<std::string> azure_identity;  // client ID of the identity, empty for the only one; absent: none
  std::string docker_config;                  // a docker config.json; empty: none
  std::vector<std::string> peer_mirrors;      // mirrors that serve what nodes hold: host or host:port
};

// Access is a node's way to registries: connections, containerd's hosts, the node's credentials. Not movable.
class Access {
 public:
  // `observer` is told of each request, `warning` of configuration that is passed over.
  Access(const Settings& settings, const Clock& clock, http::RequestObserver observer, Hosts::Warning warning);
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  Client& client() { return client_; }

 private:
  std::unique_ptr<http::Http> curl_;
  http::ObservedHttp http_;
  Client client_;
};

// CheckHttp says whether registries can be spoken to at all: kUnavailable if libcurl.so.4 cannot be loaded.
Status CheckHttp();

}  // namespace pullseal::registry

#endif  // PULLSEAL_IMAGE_REGISTRY_ACCESS_H_
