// SPDX-License-Identifier: Apache-2.0
#include "policy/file/load.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "core/base/file.h"
#include "core/crypto/limits.h"
#include "policy/file/limits.h"
#include "policy/file/parse.h"
#include "policy/model/glob.h"
#include "verify/sigstore/limits.h"

namespace pullseal::policy {
namespace {

std::vector<ListFile> ReadLists(const std::string& folder, const std::string& pattern) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with('.') && GlobPart(pattern, name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  std::vector<ListFile> out;
  std::size_t left = limits::kRevocationFilesBytes;
  for (const std::string& name : names) {
    if (out.size() > limits::kRevocationLists) break;
    auto text = ReadFile((std::filesystem::path(folder) / name).string(), std::min(left, limits::kRevocationListBytes));
    if (text) left -= text->size();
    out.push_back(ListFile{name, std::move(text)});
  }
  return out;
}

}  // namespace

Result<Policy> LoadPolicy(const std::string& path, const std::string& list_folder) {
  auto text = ReadFile(path, limits::kPolicyBytes);
  if (!text) return text.error();
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  auto policy = ParsePolicy(
      *text, [&folder](const std::string& name) { return ReadFile((folder / name).string(), limits::kTrustRootBytes); },
      [&list_folder](const std::string& pattern) { return ReadLists(list_folder, pattern); });
  if (!policy) return Error{policy.error().code, path + ":" + policy.error().message};
  return policy;
}

}  // namespace pullseal::policy
