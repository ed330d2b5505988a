// SPDX-License-Identifier: Apache-2.0
#include "adapters/cri/credentials.h"

#include <string_view>

namespace pullseal::cri {

credentials::Credentials CredentialsFor(const ::runtime::v1::AuthConfig& auth) {
  credentials::Credentials out;
  std::string_view server = auth.server_address();
  if (const auto scheme = server.find("://"); scheme != std::string_view::npos) server.remove_prefix(scheme + 3);
  if (!auth.username().empty()) {
    out.username = auth.username();
    out.password = auth.password();
  } else if (!auth.identity_token().empty()) {
    out.identity_token = auth.identity_token();
  } else if (!auth.auth().empty()) {
    out = credentials::JoinedCredentials(auth.auth());
  }
  out.server = server.substr(0, server.find('/'));
  return out;
}

}  // namespace pullseal::cri
