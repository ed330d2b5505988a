// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/members.h"

#include <utility>

namespace pullseal::tuf {

Error Malformed(const std::string& message) { return Error{ErrorCode::kInvalid, message}; }

namespace {
Error Lacks(std::string_view name, const char* kind) {
  return Malformed("\"" + std::string(name) + "\" is not " + kind);
}
}  // namespace

bool Has(const json::Value& object, std::string_view name) { return object.Find(name) != nullptr; }

Result<const json::Members*> ObjectAt(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  if (member == nullptr || member->object() == nullptr) return Lacks(name, "an object");
  return member->object();
}

Result<std::string> TextAt(const json::Value& object, std::string_view name) {
  const std::string* text = object.FindString(name);
  if (text == nullptr) return Lacks(name, "a text");
  return *text;
}

Result<bool> BooleanAt(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  if (member == nullptr || member->boolean() == nullptr) return Lacks(name, "true or false");
  return *member->boolean();
}

Result<std::int64_t> NumberAt(const json::Value& object, std::string_view name, std::int64_t least) {
  const json::Value* member = object.Find(name);
  const auto number = member != nullptr ? member->integer() : std::nullopt;
  if (!number || *number < least)
    return Malformed("\"" + std::string(name) + "\" is no whole number from " + std::to_string(least) + " on");
  return *number;
}

Result<std::vector<std::string>> TextsAt(const json::Value& object, std::string_view name, std::size_t most) {
  const json::Value* member = object.Find(name);
  if (member == nullptr || member->array() == nullptr) return Lacks(name, "a list");
  if (member->array()->size() > most) {
    return Error{ErrorCode::kLimit, "\"" + std::string(name) + "\" has more than " + std::to_string(most) + " entries"};
  }
  std::vector<std::string> out;
  for (const json::Value& value : *member->array()) {
    if (value.string() == nullptr) return Lacks(name, "a list of texts");
    out.push_back(*value.string());
  }
  return out;
}

}  // namespace pullseal::tuf
