// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_CREDENTIALS_H_
#define PULLSEAL_ADAPTERS_CRI_CREDENTIALS_H_

#include "cri.pb.h"
#include "image/credentials/credentials.h"

namespace pullseal::cri {

// CredentialsFor returns the credentials of a request as containerd reads them (username and password, else identity
// token, else the joined form), with the host they are meant for. registry_token is not used, as containerd does not.
credentials::Credentials CredentialsFor(const ::runtime::v1::AuthConfig& auth);

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_CREDENTIALS_H_
