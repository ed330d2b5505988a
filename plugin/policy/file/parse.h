// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_FILE_PARSE_H_
#define PULLSEAL_POLICY_FILE_PARSE_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "policy/model/model.h"

namespace pullseal::policy {

// Reads the file that a policy names (a key, a trusted root, a certificate), relative to the policy file.
using FileReader = std::function<Result<std::string>(const std::string& path)>;

// Reads the revocation lists whose file names match a pattern (GlobPart), names and contents. Where they lie is its
// own.
struct ListFile {
  std::string name;
  Result<std::string> content;
};
using ListReader = std::function<std::vector<ListFile>(const std::string& pattern)>;

// ParsePolicy reads a policy file (apiVersion pullseal.dev/v1, kind NodePolicy) of at most limits::kPolicyBytes, or
// refuses it as a whole. Errors begin with "LINE: ". Pure but for `read_file` and `read_lists`;
// a revocation list that cannot be read is told in Policy::problems and refuses nothing.
Result<Policy> ParsePolicy(std::string_view text, const FileReader& read_file, const ListReader& read_lists = {});

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_FILE_PARSE_H_
