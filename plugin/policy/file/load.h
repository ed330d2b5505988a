// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_FILE_LOAD_H_
#define PULLSEAL_POLICY_FILE_LOAD_H_

#include <string>

#include "core/base/result.h"
#include "policy/model/model.h"

namespace pullseal::policy {

// Where revocation lists lie: with what the node keeps, never among the settings, which may be older than they are.
inline constexpr char kListFolder[] = "/var/lib/pullseal/crl";

// LoadPolicy reads the policy file at `path` and the keys, trusted roots and certificates it names, each of at most
// limits::kTrustRootBytes, relative to its folder, and the revocation lists out of `list_folder`, in the order of their
// names and of at most limits::kRevocationFilesBytes together for one pattern. Errors begin with "PATH:LINE: ".
Result<Policy> LoadPolicy(const std::string& path, const std::string& list_folder = kListFolder);

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_FILE_LOAD_H_
