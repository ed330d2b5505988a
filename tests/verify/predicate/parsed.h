// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_TESTS_VERIFY_PREDICATE_PARSED_H_
#define PULLSEAL_TESTS_VERIFY_PREDICATE_PARSED_H_

#include <gtest/gtest.h>

#include <string_view>

#include "core/base/clock.h"
#include "core/json/value.h"
#include "verify/predicate/pointer.h"

namespace pullseal::predicate {

inline json::Value Parsed(std::string_view text) {
  auto value = json::Parse(text);
  EXPECT_TRUE(value.ok()) << text;
  return value ? std::move(*value) : json::Value();
}

inline Pointer At(std::string_view text) {
  auto pointer = Pointer::Parse(text);
  EXPECT_TRUE(pointer.ok()) << text;
  return std::move(*pointer);
}

inline WallTime Time(std::string_view text) { return ParseTime(text).value(); }

}  // namespace pullseal::predicate

#endif  // PULLSEAL_TESTS_VERIFY_PREDICATE_PARSED_H_
