// SPDX-License-Identifier: Apache-2.0
#include "verify/predicate/timestamp.h"

#include <string>

#include "core/base/bytes.h"

namespace pullseal::predicate {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// +HH:MM or -HH:MM at the end of `text`; absent for anything else.
std::optional<std::chrono::minutes> OffsetAt(std::string_view text) {
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  for (const std::size_t place : {1U, 2U, 4U, 5U}) {
    if (!IsDigit(text[place])) return std::nullopt;
  }
  const int hours = (text[1] - '0') * 10 + (text[2] - '0');
  const int minutes = (text[4] - '0') * 10 + (text[5] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes out{hours * 60 + minutes};
  return text[0] == '+' ? out : -out;
}

}  // namespace

Result<std::optional<WallTime>> ReadTimestamp(std::string_view text) {
  // Whatever stands behind the seconds of the zero time, and in whatever zone, nobody meant the year 1.
  if (text == "0001-01-01T00:00:00Z") return std::optional<WallTime>();
  if (const auto time = ParseTime(text)) return std::optional<WallTime>(*time);
  if (text.size() > 6) {
    const auto offset = OffsetAt(text.substr(text.size() - 6));
    const auto local = offset ? ParseTime(std::string(text.substr(0, text.size() - 6)) + "Z") : std::nullopt;
    if (local) return std::optional<WallTime>(*local - *offset);
  }
  return Error{ErrorCode::kInvalid, "\"" + Printable(text, 64) + "\" is no time (RFC 3339)"};
}

Result<std::optional<WallTime>> TimestampAt(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  if (member == nullptr || member->is_null()) return std::optional<WallTime>();
  if (member->string() == nullptr) return Error{ErrorCode::kInvalid, std::string(name) + " is not text"};
  if (member->string()->empty()) return std::optional<WallTime>();
  auto time = ReadTimestamp(*member->string());
  if (!time) return time.error().In(std::string(name));
  return time;
}

}  // namespace pullseal::predicate
