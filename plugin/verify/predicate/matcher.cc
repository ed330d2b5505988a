// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/matcher.h"

#include <algorithm>
#include <utility>

#include "verify/predicate/limits.h"
#include "verify/predicate/timestamp.h"

namespace pullseal::predicate {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

std::optional<WallTime> TimeIn(const json::Value& value) {
  if (value.string() == nullptr) return std::nullopt;
  const auto time = ReadTimestamp(*value.string());
  return time ? *time : std::nullopt;
}

bool Passes(const Is& test, const json::Value& value) { return Equals(value, test.value); }
bool Passes(const In& test, const json::Value& value) {
  return std::any_of(test.values.begin(), test.values.end(), [&](const Scalar& one) { return Equals(value, one); });
}
bool Passes(const Matches& test, const json::Value& value) {
  return value.string() != nullptr && test.pattern.Matches(*value.string());
}
bool Passes(const Prefix& test, const json::Value& value) {
  return value.string() != nullptr && value.string()->starts_with(test.text);
}
bool Passes(const AtLeast& test, const json::Value& value) {
  return value.integer() && *value.integer() >= test.number;
}
bool Passes(const AtMost& test, const json::Value& value) { return value.integer() && *value.integer() <= test.number; }
bool Passes(const NewerThan& test, const json::Value& value) {
  const auto time = TimeIn(value);
  return time && *time > test.time;
}
bool Passes(const OlderThan& test, const json::Value& value) {
  const auto time = TimeIn(value);
  return time && *time < test.time;
}

bool PassesOne(const ValueTest& test, const json::Value& value) {
  return std::visit([&](const auto& one) { return Passes(one, value); }, test);
}

bool Holds(const ValueTest& test, const Pointer::Reached& reached) {
  return reached.values.size() == 1 && PassesOne(test, *reached.values.front());
}

bool Holds(const Quantified& condition, const Pointer::Reached& reached) {
  const auto passes = [&](const json::Value* value) { return PassesOne(condition.test, *value); };
  const auto& values = reached.values;
  if (condition.quantifier == Quantifier::kAny) return std::any_of(values.begin(), values.end(), passes);
  if (reached.missing > 0) return false;
  if (values.empty()) return condition.or_empty;
  if (condition.quantifier == Quantifier::kAll) return std::all_of(values.begin(), values.end(), passes);
  return std::none_of(values.begin(), values.end(), passes);
}

bool Holds(const Absent&, const Pointer::Reached& reached) { return reached.values.empty(); }

bool Holds(const Count& condition, const Pointer::Reached& reached) {
  if (reached.values.size() != 1) return false;
  const json::Value& value = *reached.values.front();
  if (value.array() == nullptr && value.object() == nullptr) return false;
  const auto size =
      static_cast<std::int64_t>(value.array() != nullptr ? value.array()->size() : value.object()->size());
  return (!condition.at_least || size >= *condition.at_least) && (!condition.at_most || size <= *condition.at_most);
}

Status CheckTest(const ValueTest& test) {
  if (const auto* in = std::get_if<In>(&test)) {
    if (in->values.empty() || in->values.size() > limits::kRuleItems) {
      return Invalid("in takes 1 to " + std::to_string(limits::kRuleItems) + " values");
    }
  }
  const auto* prefix = std::get_if<Prefix>(&test);
  if (prefix != nullptr && prefix->text.empty()) return Invalid("an empty prefix fits everything");
  return {};
}

}  // namespace

bool Equals(const json::Value& value, const Scalar& scalar) {
  if (const auto* boolean = std::get_if<bool>(&scalar))
    return value.boolean() != nullptr && *value.boolean() == *boolean;
  if (const auto* number = std::get_if<std::int64_t>(&scalar)) return value.integer() == *number;
  return value.string() != nullptr && *value.string() == std::get<std::string>(scalar);
}

Result<Matcher> Matcher::Make(Pointer at, Condition condition) {
  const auto* quantified = std::get_if<Quantified>(&condition);
  if (at.has_star() && quantified == nullptr) return Invalid("a pointer with * needs any, all or none");
  if (!at.has_star() && quantified != nullptr) return Invalid("any, all and none need a pointer with *");
  const auto* test = quantified != nullptr ? &quantified->test : std::get_if<ValueTest>(&condition);
  if (test != nullptr) {
    if (auto checked = CheckTest(*test); !checked) return checked.error();
  }
  const auto* count = std::get_if<Count>(&condition);
  if (count != nullptr && !count->at_least && !count->at_most) return Invalid("count needs atLeast or atMost");
  return Matcher(std::move(at), std::move(condition));
}

bool Matcher::Holds(const json::Value& predicate) const {
  const Pointer::Reached reached = at_.In(predicate);
  return std::visit([&](const auto& one) { return predicate::Holds(one, reached); }, condition_);
}

}  // namespace pullseal::predicate
