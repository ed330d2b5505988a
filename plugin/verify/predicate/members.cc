// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/members.h"

#include <algorithm>
#include <utility>

#include "verify/predicate/limits.h"

namespace pullseal::predicate {

using json::Members;
using json::Value;

const Value* Member(const Value& object, std::string_view name) {
  const Value* out = object.Find(name);
  return out != nullptr && !out->is_null() ? out : nullptr;
}

Result<std::string> TextAt(const Value& object, std::string_view name) {
  const Value* member = Member(object, name);
  if (member == nullptr) return std::string();
  if (member->string() == nullptr) return Error{ErrorCode::kInvalid, std::string(name) + " is not text"};
  if (member->string()->size() > limits::kIdentifierBytes) {
    return Error{ErrorCode::kInvalid, std::string(name) + " is too long"};
  }
  return *member->string();
}

Value Without(const Value& object, std::initializer_list<std::string_view> names) {
  Members kept;
  if (object.object() == nullptr) return object;
  for (const auto& [name, value] : *object.object()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) kept.emplace_back(name, value);
  }
  return Value(Value::Storage(std::move(kept)));
}

void Replace(Value& object, std::string_view name, Value value) {
  auto* members = std::get_if<Members>(&object.storage());
  if (members == nullptr) return;
  for (auto& [one, old] : *members) {
    if (one == name) old = std::move(value);
  }
}

}  // namespace pullseal::predicate
