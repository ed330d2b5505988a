// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_TYPE_H_
#define PULLSEAL_VERIFY_PREDICATE_TYPE_H_

#include <optional>
#include <string_view>
#include <vector>

namespace pullseal::predicate {

// Type is what a rule can ask for.
enum class Type { kProvenance, kVsa, kVulnerabilities, kVex, kSbom, kCustom };

// As the policy writes it: provenance, vsa, vulnerabilities, vex, sbom, custom.
std::string_view Text(Type type);
std::optional<Type> ParseType(std::string_view text);

// The type whose predicate type URIs hold exactly `uri`; absent for all that only `custom` can ask for. One character
// more, another case or a slash at the end is another type.
std::optional<Type> TypeOfUri(std::string_view uri);

// All that are of `type`; none for custom.
std::vector<std::string_view> UrisOf(Type type);

// --- predicate types ---
inline constexpr std::string_view kProvenanceV1 = "https://slsa.dev/provenance/v1";
inline constexpr std::string_view kProvenanceV02 = "https://slsa.dev/provenance/v0.2";
inline constexpr std::string_view kVsaV1 = "https://slsa.dev/verification_summary/v1";

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_TYPE_H_
