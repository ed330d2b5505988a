// SPDX-License-Identifier: Apache-2.0
#include "verify/signature/json_object.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pullseal::signature {

Result<JsonObject> JsonObject::Of(const json::Value& value, std::string what,
                                  std::initializer_list<std::string_view> names) {
  JsonObject out(value, std::move(what));
  if (value.object() == nullptr) return out.Broken("is not an object");
  for (const auto& [name, unused] : *value.object()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return out.Broken("has an unknown member \"" + Printable(name, 64) + "\"");
    }
  }
  return out;
}

const json::Value* JsonObject::Find(std::string_view name) const {
  const json::Value* found = value_->Find(name);
  return found != nullptr && !found->is_null() ? found : nullptr;
}

Result<std::string> JsonObject::TextAt(std::string_view name) const {
  const json::Value* found = Find(name);
  if (found == nullptr) return std::string();
  if (found->string() == nullptr) return Broken(std::string(name) + " is not text");
  return *found->string();
}

Result<Bytes> JsonObject::BytesAt(std::string_view name) const {
  auto text = TextAt(name);
  if (!text) return text.error();
  auto bytes = Base64Decode(*text);
  if (!bytes) return Broken(std::string(name) + " is not standard base64");
  return bytes;
}

Result<std::int64_t> JsonObject::NumberAt(std::string_view name) const {
  const json::Value* found = Find(name);
  if (found == nullptr) return std::int64_t{0};
  const auto wrong = Broken(std::string(name) + " is not a whole number from 0 to 2^63-1");
  std::int64_t number = -1;
  if (const std::string* text = found->string(); text != nullptr) {
    const char* end = text->data() + text->size();
    const auto [stop, code] = std::from_chars(text->data(), end, number);
    const bool canonical = code == std::errc() && stop == end && *text == std::to_string(number);
    if (!canonical) return wrong;
  } else {
    number = found->integer().value_or(-1);
  }
  if (number < 0) return wrong;
  return number;
}

Result<std::vector<const json::Value*>> JsonObject::ListAt(std::string_view name, std::size_t most) const {
  std::vector<const json::Value*> out;
  const json::Value* found = Find(name);
  if (found == nullptr) return out;
  if (found->array() == nullptr) return Broken(std::string(name) + " is not a list");
  if (found->array()->size() > most) {
    return Error{ErrorCode::kLimit,
                 what_ + ": " + std::string(name) + " has more than " + std::to_string(most) + " entries"};
  }
  for (const json::Value& one : *found->array()) out.push_back(&one);
  return out;
}

}  // namespace pullseal::signature
