// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "image/credentials/credential_provider.h"
#include "image/credentials/docker_config.h"
#include "image/credentials/provider_config.h"
#include "image/credentials/token.h"

// What comes from credential providers, token services and files with credentials.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal::credentials;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ParseProviderAnswer(text, "credentialprovider.kubelet.k8s.io/v1");
  (void)ParseDockerConfig(text);
  (void)JoinedCredentials(text);
  if (const auto providers = ParseProviderConfig(text)) {
    for (const Provider& one : *providers) {
      if (one.name.empty() || one.name.find('/') != std::string::npos) std::abort();
    }
  }
  if (const auto token = ReadToken(text, {"token", "access_token"}, {})) {
    if (token->value.text().find_first_of("\r\n ") != std::string::npos) std::abort();
  }
  const std::size_t half = size / 2;
  (void)MatchesImage(text.substr(0, half), text.substr(half), "team/app");
  return 0;
}
