// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_JSON_VALUE_H_
#define PULLSEAL_CORE_JSON_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.h"

namespace pullseal::json {

class Value;
using Array = std::vector<Value>;
using Members = std::vector<std::pair<std::string, Value>>;

// Value is one JSON value (RFC 8259) as Parse read it. Members keep the order of the text; names are unique.
// Immutable after Parse; reading from several threads is safe.
class Value {
 public:
  using Storage = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array, Members>;
  Value() : storage_(nullptr) {}
  explicit Value(Storage storage) : storage_(std::move(storage)) {}

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(storage_); }
  const std::string* string() const { return std::get_if<std::string>(&storage_); }
  const Array* array() const { return std::get_if<Array>(&storage_); }
  const Members* object() const { return std::get_if<Members>(&storage_); }
  const bool* boolean() const { return std::get_if<bool>(&storage_); }
  // A whole number that fits; absent for fractions, exponents and larger numbers.
  std::optional<std::int64_t> integer() const;

  // The member `name` of an object; null if this is no object or has no such member.
  const Value* Find(std::string_view name) const;
  // The string member `name`; null if it is absent or no string.
  const std::string* FindString(std::string_view name) const;

  Storage& storage() { return storage_; }

 private:
  Storage storage_;
};

// Parse reads one JSON text strictly: duplicate names, text behind the value, invalid UTF-8, a byte order mark, zero
// bytes, comments, numbers out of range, more than limits::kJsonDepth levels, limits::kJsonNodes values or
// limits::kJsonMembers members of one object are refused. It takes n log n of the text's length, whatever the text
// says. kInvalid or kLimit.
Result<Value> Parse(std::string_view text);

// Writer builds one JSON object on one line, members in the order they are added. Invalid UTF-8 in text becomes U+FFFD.
class Writer {
 public:
  Writer& Text(std::string_view name, std::string_view value);
  Writer& Number(std::string_view name, std::int64_t value);
  Writer& Boolean(std::string_view name, bool value);
  // `raw` must be JSON already (another Writer's output, an array).
  Writer& Raw(std::string_view name, std::string_view raw);
  // The object written so far, with its closing brace.
  std::string Finish() const { return "{" + body_ + "}"; }
  // The same without the closing brace, for a member that is computed over it.
  const std::string& body() const { return body_; }

 private:
  void Name(std::string_view name);
  std::string body_;
};

// Quote returns `text` as a JSON string with its quotation marks.
std::string Quote(std::string_view text);

}  // namespace pullseal::json

#endif  // PULLSEAL_CORE_JSON_VALUE_H_
