// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CBOR_LIMITS_H_
#define PULLSEAL_CORE_CBOR_LIMITS_H_

#include <cstddef>

// What core/cbor reads at most, each with its reason.
namespace pullseal::limits {

// Depth and items of any CBOR we read: a COSE message needs 5 levels and some 40 items, ten certificates among them.
inline constexpr std::size_t kCborDepth = 16;
inline constexpr std::size_t kCborItems = 4096;

}  // namespace pullseal::limits

#endif  // PULLSEAL_CORE_CBOR_LIMITS_H_
