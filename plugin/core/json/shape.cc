// SPDX-License-Identifier: Apache-2.0
#include "core/json/shape.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace pullseal::json {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

// The number of `count` digits at the front of `text`, which is cut off; -1 if they are none.
int TakeNumber(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int out = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return -1;
    out = out * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return out;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool IsDate(int year, int month, int day) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 0 || month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

// RFC 3339 as Go's time.Time reads it from JSON: capital letters, no leap second, offsets below a day.
bool IsTime(std::string_view text) {
  const int year = TakeNumber(text, 4);
  if (!Take(text, '-')) return false;
  const int month = TakeNumber(text, 2);
  if (!Take(text, '-')) return false;
  const int day = TakeNumber(text, 2);
  if (!IsDate(year, month, day) || !Take(text, 'T')) return false;
  const int hour = TakeNumber(text, 2);
  if (hour < 0 || hour > 23 || !Take(text, ':')) return false;
  const int minute = TakeNumber(text, 2);
  if (minute < 0 || minute > 59 || !Take(text, ':')) return false;
  const int second = TakeNumber(text, 2);
  if (second < 0 || second > 59) return false;
  if (Take(text, '.')) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return false;
    text.remove_prefix(digits);
  }
  if (text == "Z") return true;
  if (!Take(text, '+') && !Take(text, '-')) return false;
  const int offset = TakeNumber(text, 2);
  if (offset < 0 || offset > 23 || !Take(text, ':')) return false;
  const int rest = TakeNumber(text, 2);
  return rest >= 0 && rest <= 59 && text.empty();
}

bool AllMembers(const Value& value, bool (*good)(const Value&)) {
  if (value.object() == nullptr) return false;
  return std::all_of(value.object()->begin(), value.object()->end(),
                     [&](const auto& member) { return member.second.is_null() || good(member.second); });
}

// Whether a value that is not null fits a field that is no struct.
bool Fits(const Value& value, Field::Kind kind) {
  switch (kind) {
    case Field::Kind::kText:
      return value.string() != nullptr;
    case Field::Kind::kInteger:
      return value.integer().has_value();
    case Field::Kind::kBoolean:
      return value.boolean() != nullptr;
    case Field::Kind::kTime:
      return value.string() != nullptr && IsTime(*value.string());
    case Field::Kind::kBytes:
      return value.string() != nullptr && Base64DecodeAsWritten(*value.string()).ok();
    case Field::Kind::kTextMap:
      return AllMembers(value, [](const Value& one) { return one.string() != nullptr; });
    case Field::Kind::kSet:
      return AllMembers(value, [](const Value& one) { return one.object() != nullptr; });
    case Field::Kind::kRaw:
      return true;
    case Field::Kind::kObject:
      return value.object() != nullptr;
  }
  return false;
}

Status CheckOne(const Value& value, const Field& field) {
  if (value.is_null()) return {};
  if (!Fits(value, field.kind)) return Invalid("\"" + std::string(field.name) + "\" is not of its type");
  if (field.kind != Field::Kind::kObject) return {};
  auto status = CheckShape(value, *field.of);
  return status ? Status{} : Status(status.error().In(std::string(field.name)));
}

Status CheckField(const Value& value, const Field& field) {
  if (!field.list || value.is_null()) return CheckOne(value, field);
  if (value.array() == nullptr) return Invalid("\"" + std::string(field.name) + "\" is not an array");
  for (const Value& one : *value.array()) {
    if (auto status = CheckOne(one, field); !status) return status;
  }
  return {};
}

// Two members that Go takes for one, or one that it takes for a field of another spelling.
Status CheckNames(const Members& members, const Shape& shape) {
  std::vector<std::string> fields;
  for (const Field& field : shape.fields) fields.push_back(Folded(field.name));
  std::vector<std::string> folded;
  folded.reserve(members.size());
  for (const auto& [name, value] : members) {
    folded.push_back(Folded(name));
    const auto field = std::find(fields.begin(), fields.end(), folded.back());
    if (field == fields.end()) continue;
    const std::string_view right = shape.fields[static_cast<std::size_t>(field - fields.begin())].name;
    if (name != right) {
      return Invalid("member \"" + Printable(name, 64) + "\" is another spelling of \"" + std::string(right) + "\"");
    }
  }
  std::sort(folded.begin(), folded.end());
  const auto same = std::adjacent_find(folded.begin(), folded.end());
  if (same == folded.end()) return {};
  return Invalid("two members are spellings of \"" + Printable(*same, 64) + "\"");
}

}  // namespace

std::string Folded(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  while (!name.empty()) {
    if (name.starts_with("\xC5\xBF")) {
      out.push_back('s');
      name.remove_prefix(2);
    } else if (name.starts_with("\xE2\x84\xAA")) {
      out.push_back('k');
      name.remove_prefix(3);
    } else {
      const char c = name.front();
      out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
      name.remove_prefix(1);
    }
  }
  return out;
}

const Value* Present(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  return member != nullptr && !member->is_null() ? member : nullptr;
}

Status CheckShape(const Value& value, const Shape& shape) {
  if (value.object() == nullptr) return Invalid("not an object");
  if (auto status = CheckNames(*value.object(), shape); !status) return status;
  for (const Field& field : shape.fields) {
    const Value* member = value.Find(field.name);
    if (member == nullptr) continue;
    if (auto status = CheckField(*member, field); !status) return status;
  }
  return {};
}

}  // namespace pullseal::json
