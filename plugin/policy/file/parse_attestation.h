// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_POLICY_FILE_PARSE_ATTESTATION_H_
#define PULLSEAL_POLICY_FILE_PARSE_ATTESTATION_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/yaml/yaml.h"
#include "verify/requirement/requirement.h"

namespace pullseal::policy {

// AttestationParser reads `require.attestations` of one rule. Errors go to the reader.
class AttestationParser {
 public:
  // Reads one authority, of which the member names are known already; absent only after a failure.
  using ReadAuthority = std::function<std::optional<requirement::Authority>(const yaml::Node&)>;
  AttestationParser(yaml::Reader& in, ReadAuthority read_authority)
      : in_(in), read_authority_(std::move(read_authority)) {}

  // A list of entries, or {anyOf: [entries, entries]}. None after a failure.
  requirement::AttestationLists Parse(const yaml::Node& node);

 private:
  using Parts = requirement::AttestationRequirement::Parts;
  std::vector<requirement::AttestationRequirement> Entries(const yaml::Node& node);
  std::optional<requirement::AttestationRequirement> Entry(const yaml::Node& node);
  std::optional<requirement::Attester> Attester(const yaml::Node& node);
  std::optional<requirement::PredicateRule> Rule(const yaml::Node& node, const std::string& type);
  std::optional<requirement::PredicateRule> Provenance(const yaml::Node& node);
  std::optional<requirement::PredicateRule> Vsa(const yaml::Node& node);
  std::optional<requirement::PredicateRule> Custom(const yaml::Node& node);
  std::optional<predicate::Matcher> Matcher(const yaml::Node& node);
  std::optional<predicate::ValueTest> Test(const yaml::Node& node, const std::string& name);
  predicate::Scalar Scalar(const yaml::Node& node, const std::string& what);
  std::optional<predicate::Pointer> Pointer(const yaml::Node& node, const std::string& what);
  std::optional<std::chrono::seconds> Age(const yaml::Node& node, const char* name);
  std::optional<requirement::Which> WhichOf(const yaml::Node& node);
  requirement::SubjectKind SubjectOf(const yaml::Node& node);

  yaml::Reader& in_;
  ReadAuthority read_authority_;
};

}  // namespace pullseal::policy

#endif  // PULLSEAL_POLICY_FILE_PARSE_ATTESTATION_H_
