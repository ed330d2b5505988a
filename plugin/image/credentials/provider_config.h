// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CREDENTIALS_PROVIDER_CONFIG_H_
#define PULLSEAL_IMAGE_CREDENTIALS_PROVIDER_CONFIG_H_

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace pullseal::credentials {

// Provider is one credential provider plugin of the kubelet (kubelet.config.k8s.io CredentialProvider).
struct Provider {
  std::string name;  // of the program in the folder of plugins
  std::vector<std::string> match_images;
  std::chrono::milliseconds default_cache{0};
  std::string api_version;  // of its protocol
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  bool needs_service_account = false;  // it answers only with a pod's token, which the kubelet alone can get
};

// ParseProviderConfig reads the kubelet's CredentialProviderConfig (--image-credential-provider-config), YAML or JSON.
// Unknown fields are passed over: a kubelet newer than us may know them. Errors begin with "LINE: ".
Result<std::vector<Provider>> ParseProviderConfig(std::string_view text);

}  // namespace pullseal::credentials

#endif  // PULLSEAL_IMAGE_CREDENTIALS_PROVIDER_CONFIG_H_
