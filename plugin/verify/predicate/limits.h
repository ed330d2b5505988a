// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_LIMITS_H_
#define PULLSEAL_VERIFY_PREDICATE_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "core/base/units.h"

// What verify/predicate reads, keeps, follows or waits for at most, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kPatternBytes = 1 * kKiB;      // a regular expression in the policy
inline constexpr std::int64_t kPatternMemory = 256 * 1024;  // what RE2 may use for one, compiled and at work
// A JSON Pointer in the policy: names of a dozen levels.
inline constexpr std::size_t kPointerBytes = 1 * kKiB;
inline constexpr std::size_t kPointerDepth = 32;  // its tokens; predicates nest some ten levels
// Conditions of one rule: each walks the predicate once.
inline constexpr std::size_t kMatchers = 256;
// Items of one list in a rule: builders, sources, refs, build types, parameters, levels, values of `in`.
inline constexpr std::size_t kRuleItems = 256;
// What a rule or a predicate says in one place where it is compared as a whole: an address, an identifier, a ref.
inline constexpr std::size_t kIdentifierBytes = 4 * kKiB;
// A package URL; those of Maven with all qualifiers have some 300 bytes.
inline constexpr std::size_t kPurlBytes = 4 * kKiB;
// A provenance, a summary or a custom predicate: real ones have 1 to 60 KiB, with a build's whole event inside.
inline constexpr std::size_t kSmallPredicateBytes = 1 * kMiB;
// Levels of one verification summary: a handful is usual.
inline constexpr std::size_t kVerifiedLevels = 64;

}  // namespace pullseal::limits

#endif  // PULLSEAL_VERIFY_PREDICATE_LIMITS_H_
