// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_CUSTOM_H_
#define PULLSEAL_VERIFY_PREDICATE_CUSTOM_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/json/value.h"
#include "verify/predicate/matcher.h"
#include "verify/predicate/pointer.h"
#include "verify/predicate/verdict.h"

namespace pullseal::predicate {

// CustomRule is what a predicate of any type must say, by conditions about its places. Immutable; thread-safe.
class CustomRule {
 public:
  // Make refuses (kInvalid) a predicate type that is none, "this image is signed" among them, no conditions or more
  // than limits::kMatchers, and a `time` with `*`.
  static Result<CustomRule> Make(std::string predicate_type, std::vector<Matcher> where, std::optional<Pointer> time);

  // Whether every condition holds.
  Verdict Check(const json::Value& predicate) const;
  // What the predicate says at `time`; absent where the rule has none, or the place says none. kInvalid where it says
  // something else.
  Result<std::optional<WallTime>> TimeOf(const json::Value& predicate) const;

  const std::string& predicate_type() const { return predicate_type_; }
  bool has_time() const { return time_.has_value(); }

 private:
  CustomRule(std::string predicate_type, std::vector<Matcher> where, std::optional<Pointer> time)
      : predicate_type_(std::move(predicate_type)), where_(std::move(where)), time_(std::move(time)) {}
  std::string predicate_type_;
  std::vector<Matcher> where_;
  std::optional<Pointer> time_;
};

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_CUSTOM_H_
