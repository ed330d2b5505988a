// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_JSON_LIMITS_H_
#define PULLSEAL_CORE_JSON_LIMITS_H_

#include <cstddef>

// What core/json reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

// Depth of any JSON document we read; manifests need 6.
inline constexpr std::size_t kJsonDepth = 64;
// Nodes of any JSON document we read: bounds memory, which is about 40 times the text in the worst case.
inline constexpr std::size_t kJsonNodes = 200'000;
// Members of one object: a manifest has ten, an image's labels or a node object's fields some hundred.
inline constexpr std::size_t kJsonMembers = 10'000;

}  // namespace pullseal::limits

#endif  // PULLSEAL_CORE_JSON_LIMITS_H_
