// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_FILE_PARSE_REQUIREMENT_H_
#define PULLSEAL_POLICY_FILE_PARSE_REQUIREMENT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/yaml/yaml.h"
#include "policy/file/parse_trust_store.h"
#include "policy/model/model.h"

namespace pullseal::policy {

// RequirementParser reads the `require` part of one rule. Errors go to the reader.
class RequirementParser {
 public:
  // `policy` has its keys, trust roots and trust stores already.
  RequirementParser(yaml::Reader& in, Policy& policy, RevocationFiles& files)
      : in_(in), policy_(policy), files_(files) {}

  // Reads `require` of the rule `node`, of that name and mode. Nobody's where the mode looks at no signatures, and
  // after a failure.
  requirement::Requirement Parse(const yaml::Node& node, const std::string& name, RuleMode mode);

 private:
  requirement::SignatureRequirement Signatures(const yaml::Node& node);
  std::vector<requirement::Authority> Authorities(const yaml::Node& node);
  // Of one entry of a list of authorities; absent only after a failure.
  std::optional<requirement::Authority> OneAuthority(const yaml::Node& entry);
  std::optional<requirement::Authority> KeyAuthority(const yaml::Node& entry);
  std::optional<requirement::Authority> KeylessAuthority(const yaml::Node& node);
  requirement::Identity ParseIdentity(const yaml::Node& node);
  void Demand(const yaml::Node& node, const char* name, std::size_t& out);
  void Binding(const yaml::Node& node, requirement::Terms& out);

  yaml::Reader& in_;
  Policy& policy_;
  RevocationFiles& files_;
};

// FindTrustRoot returns the policy's trust root of that name, or null.
const requirement::TrustRoot* FindTrustRoot(const Policy& policy, std::string_view name);

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_FILE_PARSE_REQUIREMENT_H_
