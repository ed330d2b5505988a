// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_FILE_PARSE_MATCH_H_
#define PULLSEAL_POLICY_FILE_PARSE_MATCH_H_

#include <optional>

#include "core/yaml/yaml.h"
#include "policy/model/model.h"

namespace pullseal::policy {

// ParseMatch reads the `match` of a rule or an exception. Errors go to the reader; absent only after one. What
// `refuses` (a rule of mode deny) may match everything.
std::optional<Match> ParseMatch(yaml::Reader& in, const yaml::Node& node, bool refuses);

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_FILE_PARSE_MATCH_H_
