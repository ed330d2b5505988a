// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/type.h"

#include <array>
#include <utility>

namespace pullseal::predicate {
namespace {

constexpr std::array<std::pair<Type, std::string_view>, 6> kNames = {{{Type::kProvenance, "provenance"},
                                                                      {Type::kVsa, "vsa"},
                                                                      {Type::kVulnerabilities, "vulnerabilities"},
                                                                      {Type::kVex, "vex"},
                                                                      {Type::kSbom, "sbom"},
                                                                      {Type::kCustom, "custom"}}};

constexpr std::array<std::pair<std::string_view, Type>, 17> kUris = {{
    {kProvenanceV1, Type::kProvenance},
    {kProvenanceV02, Type::kProvenance},
    {kVsaV1, Type::kVsa},
    {"https://cosign.sigstore.dev/attestation/vuln/v1", Type::kVulnerabilities},
    // As cosign 1 wrote it.
    {"cosign.sigstore.dev/attestation/vuln/v1", Type::kVulnerabilities},
    {"https://in-toto.io/attestation/vulns/v0.1", Type::kVulnerabilities},
    {"https://in-toto.io/attestation/vulns/v0.2", Type::kVulnerabilities},
    {"https://openvex.dev/ns", Type::kVex},
    {"https://openvex.dev/ns/v0.2.0", Type::kVex},
    {"https://spdx.dev/Document", Type::kSbom},
    {"https://spdx.dev/Document/v2.2", Type::kSbom},
    {"https://spdx.dev/Document/v2.3", Type::kSbom},
    {"https://cyclonedx.org/bom", Type::kSbom},
    {"https://cyclonedx.org/bom/v1.4", Type::kSbom},
    {"https://cyclonedx.org/bom/v1.5", Type::kSbom},
    {"https://cyclonedx.org/bom/v1.6", Type::kSbom},
    {"https://spdx.dev/Document/v3", Type::kSbom},
}};

}  // namespace

std::string_view Text(Type type) {
  for (const auto& [one, name] : kNames) {
    if (one == type) return name;
  }
  return "";
}

std::optional<Type> ParseType(std::string_view text) {
  for (const auto& [one, name] : kNames) {
    if (name == text) return one;
  }
  return std::nullopt;
}

std::vector<std::string_view> UrisOf(Type type) {
  std::vector<std::string_view> out;
  for (const auto& [uri, one] : kUris) {
    if (one == type) out.push_back(uri);
  }
  return out;
}

std::optional<Type> TypeOfUri(std::string_view uri) {
  for (const auto& [one, type] : kUris) {
    if (one == uri) return type;
  }
  return std::nullopt;
}

}  // namespace pullseal::predicate
