// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_MATCHER_H_
#define PULLSEAL_VERIFY_PREDICATE_MATCHER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/json/value.h"
#include "verify/predicate/pointer.h"
#include "verify/predicate/text_pattern.h"

namespace pullseal::predicate {

// Scalar is a value that a rule writes: true, 3, "3". They are three kinds: 3 is neither "3" nor 3.0.
using Scalar = std::variant<bool, std::int64_t, std::string>;

// Equals says whether `value` is `scalar`, of the same kind.
bool Equals(const json::Value& value, const Scalar& scalar);

// --- tests of one value; what is of another kind than the test reads does not pass ---
struct Is {
  Scalar value;
};
struct In {
  std::vector<Scalar> values;
};
struct Matches {
  TextPattern pattern;
};
struct Prefix {
  std::string text;
};
struct AtLeast {
  std::int64_t number;
};
struct AtMost {
  std::int64_t number;
};
struct NewerThan {
  WallTime time;
};
struct OlderThan {
  WallTime time;
};
using ValueTest = std::variant<Is, In, Matches, Prefix, AtLeast, AtMost, NewerThan, OlderThan>;

// Over the places that a pointer with `*` leads to.
enum class Quantifier { kAny, kAll, kNone };
struct Quantified {
  Quantifier quantifier;
  ValueTest test;
  // Whether all and none hold where the list or object is there and empty. What is not there at all is never empty: a
  // document of another shape must not pass for a clean one.
  bool or_empty = false;
};
// Nothing is there, or null.
struct Absent {};
// How many items the list, or members the object, has.
struct Count {
  std::optional<std::int64_t> at_least;
  std::optional<std::int64_t> at_most;
};
using Condition = std::variant<ValueTest, Quantified, Absent, Count>;

// Matcher is one condition about a place of a predicate. It takes time linear in the predicate. Immutable; thread-safe.
class Matcher {
 public:
  // Make refuses (kInvalid) a pointer with `*` without any, all or none, and one of these without `*`; `in` without
  // values; a count without a bound; prefixes that are empty.
  static Result<Matcher> Make(Pointer at, Condition condition);

  // Whether it holds in `predicate`. A place that is not there satisfies nothing but Absent: with all and none each way
  // must reach a value, and there must be one.
  bool Holds(const json::Value& predicate) const;
  const Pointer& at() const { return at_; }

 private:
  Matcher(Pointer at, Condition condition) : at_(std::move(at)), condition_(std::move(condition)) {}
  Pointer at_;
  Condition condition_;
};

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_MATCHER_H_
