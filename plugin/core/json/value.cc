// SPDX-License-Identifier: Apache-2.0
#include "core/json/value.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/bytes.h"
#include "core/json/limits.h"

namespace pullseal::json {
namespace {

using Library = nlohmann::json;

// Builds a Value from the library's events, because its own tree keeps the last of two members of one name.
class TreeBuilder final : public nlohmann::json_sax<Library> {
 public:
  bool null() override { return Add(Value()); }
  bool boolean(bool value) override { return Add(Value(Value::Storage(value))); }
  bool number_integer(number_integer_t value) override { return Add(Value(Value::Storage(std::int64_t{value}))); }
  bool number_unsigned(number_unsigned_t value) override { return Add(Value(Value::Storage(std::uint64_t{value}))); }
  bool number_float(number_float_t value, const string_t&) override { return Add(Value(Value::Storage(value))); }
  bool string(string_t& value) override { return Add(Value(Value::Storage(std::move(value)))); }
  bool binary(binary_t&) override { return Fail(ErrorCode::kInvalid, "binary value"); }
  bool start_object(std::size_t) override { return Open(Value(Value::Storage(Members{}))); }
  bool start_array(std::size_t) override { return Open(Value(Value::Storage(Array{}))); }
  bool end_object() override {
    const std::string* twice = FindDuplicate(std::get<Members>(open_.back().value.storage()));
    if (twice != nullptr) return Fail(ErrorCode::kInvalid, "duplicate member \"" + Printable(*twice, 64) + "\"");
    return Close();
  }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    Level& level = open_.back();
    if (std::get<Members>(level.value.storage()).size() >= limits::kJsonMembers) {
      return Fail(ErrorCode::kLimit, "a JSON object has too many members");
    }
    level.name = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return Fail(ErrorCode::kInvalid, "not valid JSON near byte " + std::to_string(position));
  }

  Value root;
  Error error{ErrorCode::kInvalid, "not valid JSON"};

 private:
  struct Level {
    Value value;
    std::string name;  // of the member whose value comes next
  };

  // Compared once the object is whole, in n log n: there is no hash that a document could be made to collide in.
  static const std::string* FindDuplicate(const Members& members) {
    std::vector<const std::string*> names;
    names.reserve(members.size());
    for (const auto& member : members) names.push_back(&member.first);
    std::sort(names.begin(), names.end(), [](const std::string* a, const std::string* b) { return *a < *b; });
    const auto same = std::adjacent_find(names.begin(), names.end(),
                                         [](const std::string* a, const std::string* b) { return *a == *b; });
    return same != names.end() ? *same : nullptr;
  }

  bool Fail(ErrorCode code, std::string message) {
    error = Error{code, std::move(message)};
    return false;
  }
  bool Count() { return ++nodes_ <= limits::kJsonNodes || Fail(ErrorCode::kLimit, "too many JSON values"); }
  bool Open(Value value) {
    if (open_.size() >= limits::kJsonDepth) return Fail(ErrorCode::kLimit, "JSON is nested too deeply");
    if (!Count()) return false;
    open_.push_back(Level{std::move(value), {}});
    return true;
  }
  bool Close() {
    Value value = std::move(open_.back().value);
    open_.pop_back();
    return Attach(std::move(value));
  }
  bool Add(Value value) { return Count() && Attach(std::move(value)); }
  bool Attach(Value value) {
    if (open_.empty()) {
      root = std::move(value);
      return true;
    }
    Value::Storage& parent = open_.back().value.storage();
    if (auto* array = std::get_if<Array>(&parent)) {
      array->push_back(std::move(value));
    } else {
      std::get<Members>(parent).emplace_back(std::move(open_.back().name), std::move(value));
    }
    return true;
  }

  std::vector<Level> open_;
  std::size_t nodes_ = 0;
};

}  // namespace

std::optional<std::int64_t> Value::integer() const {
  if (const auto* number = std::get_if<std::int64_t>(&storage_)) return *number;
  if (const auto* number = std::get_if<std::uint64_t>(&storage_)) {
    if (*number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return static_cast<std::int64_t>(*number);
    }
  }
  return std::nullopt;
}

const Value* Value::Find(std::string_view name) const {
  const Members* members = object();
  if (members == nullptr) return nullptr;
  for (const auto& [key, value] : *members) {
    if (key == name) return &value;
  }
  return nullptr;
}

const std::string* Value::FindString(std::string_view name) const {
  const Value* member = Find(name);
  return member != nullptr ? member->string() : nullptr;
}

Result<Value> Parse(std::string_view text) {
  TreeBuilder builder;
  // The library passes over a byte order mark; RFC 8259 section 8.1 and Go's reader do not.
  if (text.starts_with("\xEF\xBB\xBF")) return Error{ErrorCode::kInvalid, "JSON text begins with a byte order mark"};
  if (!IsUtf8(text)) return Error{ErrorCode::kInvalid, "JSON text is not UTF-8"};
  // The library takes a zero byte for the end of the text; other readers do not.
  if (text.find('\0') != std::string_view::npos) return Error{ErrorCode::kInvalid, "JSON text has a zero byte"};
  try {
    if (Library::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.root);
  } catch (const std::exception&) {
    return Error{ErrorCode::kInvalid, "not valid JSON"};
  }
  return builder.error;
}

std::string Quote(std::string_view text) {
  try {
    return Library(std::string(text)).dump(-1, ' ', false, Library::error_handler_t::replace);
  } catch (const std::exception&) {
    return "\"\"";
  }
}

void Writer::Name(std::string_view name) {
  if (!body_.empty()) body_ += ',';
  body_ += Quote(name);
  body_ += ':';
}

Writer& Writer::Text(std::string_view name, std::string_view value) { return Raw(name, Quote(value)); }
Writer& Writer::Number(std::string_view name, std::int64_t value) { return Raw(name, std::to_string(value)); }
Writer& Writer::Boolean(std::string_view name, bool value) { return Raw(name, value ? "true" : "false"); }

Writer& Writer::Raw(std::string_view name, std::string_view raw) {
  Name(name);
  body_ += raw;
  return *this;
}

}  // namespace pullseal::json
