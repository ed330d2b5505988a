// SPDX-License-Identifier: Apache-2.0
#include "policy/file/load.h"

#include <filesystem>

#include "core/base/file.h"
#include "policy/file/limits.h"
#include "policy/file/parse.h"
#include "verify/sigstore/limits.h"

namespace pullseal::policy {

Result<Policy> LoadPolicy(const std::string& path) {
  auto text = ReadFile(path, limits::kPolicyBytes);
  if (!text) return text.error();
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  auto policy = ParsePolicy(*text, [&folder](const std::string& name) {
    return ReadFile((folder / name).string(), limits::kTrustRootBytes);
  });
  if (!policy) return Error{policy.error().code, path + ":" + policy.error().message};
  return policy;
}

}  // namespace pullseal::policy
