// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_YAML_LIMITS_H_
#define PULLSEAL_CORE_YAML_LIMITS_H_

#include <cstddef>

// What core/yaml reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// Depth of any YAML document we read; policies need about ten.
inline constexpr std::size_t kYamlDepth = 32;

}  // namespace pullseal::limits

#endif  // PULLSEAL_CORE_YAML_LIMITS_H_
