// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_FILE_PARSE_REQUIREMENT_H_
#define PULLSEAL_POLICY_FILE_PARSE_REQUIREMENT_H_

#include <set>
#include <string>
#include <string_view>

#include "policy/model/model.h"
#include "core/yaml/yaml.h"

namespace pullseal::policy {

// RequirementParser reads the `require` part of one rule. Errors go to the reader.
class RequirementParser {
 public:
  // `policy` has its keys and trust roots already.
  RequirementParser(yaml::Reader& in, const Policy& policy) : in_(in), policy_(policy) {}

  // Reads `require` of the rule `node`, whose name and mode are in `rule` already.
  void Parse(const yaml::Node& node, Rule& rule);

 private:
  void Authorities(const yaml::Node& node, SignatureRequirement& out);
  void KeyAuthority(const yaml::Node& entry, std::set<std::string>& used, SignatureRequirement& out);
  void KeylessAuthority(const yaml::Node& node, SignatureRequirement& out);
  void Identity(const yaml::Node& node, Keyless& out);
  void Demand(const yaml::Node& node, const char* name, std::size_t& out);
  void Binding(const yaml::Node& node, SignatureRequirement& out);

  yaml::Reader& in_;
  const Policy& policy_;
};

// FindTrustRoot returns the policy's trust root of that name, or null.
const TrustRoot* FindTrustRoot(const Policy& policy, std::string_view name);

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_FILE_PARSE_REQUIREMENT_H_
