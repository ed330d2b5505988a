// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_TIMESTAMP_H_
#define PULLSEAL_VERIFY_PREDICATE_TIMESTAMP_H_

#include <optional>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/json/value.h"

namespace pullseal::predicate {

// ReadTimestamp reads RFC 3339 as tools write it: in Z, as in-toto asks ("Timestamp"), or with an offset of at most
// 23:59; fractions up to nanoseconds. The zero time of Go, 0001-01-01T00:00:00Z, means that there is none: absent.
// kInvalid for anything else, leap seconds included.
Result<std::optional<WallTime>> ReadTimestamp(std::string_view text);

// The member `name` of `object` as ReadTimestamp reads it; absent too where there is no such member, or null, or an
// empty text. kInvalid, with the member's name.
Result<std::optional<WallTime>> TimestampAt(const json::Value& object, std::string_view name);

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_TIMESTAMP_H_
