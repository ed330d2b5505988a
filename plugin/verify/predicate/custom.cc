// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/custom.h"

#include "core/base/bytes.h"
#include "image/oci/cosign.h"
#include "verify/predicate/limits.h"
#include "verify/predicate/timestamp.h"

namespace pullseal::predicate {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

}  // namespace

Result<CustomRule> CustomRule::Make(std::string predicate_type, std::vector<Matcher> where,
                                    std::optional<Pointer> time) {
  if (predicate_type.empty() || predicate_type.size() > limits::kIdentifierBytes) {
    return Invalid("custom needs predicateType");
  }
  if (predicate_type == oci::kSignPredicateType) {
    return Invalid("a signature is no attestation; ask for it in signatures");
  }
  if (where.empty() || where.size() > limits::kMatchers) {
    return Invalid("where takes 1 to " + std::to_string(limits::kMatchers) + " conditions");
  }
  if (time && time->has_star()) return Invalid("time is one place, without *");
  return CustomRule(std::move(predicate_type), std::move(where), std::move(time));
}

Verdict CustomRule::Check(const json::Value& predicate) const {
  for (const Matcher& one : where_) {
    if (!one.Holds(predicate)) return Verdict::Not(Answer::kMismatch, "at " + Printable(one.at().text(), 200));
  }
  return Verdict::Pass();
}

Result<std::optional<WallTime>> CustomRule::TimeOf(const json::Value& predicate) const {
  if (!time_) return std::optional<WallTime>();
  const auto reached = time_->In(predicate);
  if (reached.values.empty()) return std::optional<WallTime>();
  const std::string* text = reached.values.front()->string();
  if (text == nullptr) return Invalid("at " + Printable(time_->text(), 200) + " is no time");
  return ReadTimestamp(*text);
}

}  // namespace pullseal::predicate
