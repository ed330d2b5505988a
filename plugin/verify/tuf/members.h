// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_TUF_MEMBERS_H_
#define PULLSEAL_VERIFY_TUF_MEMBERS_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/json/value.h"

// Reading members that must be there and of their kind. No other room includes it.
namespace pullseal::tuf {

inline constexpr std::int64_t kMostNumber = std::numeric_limits<std::int64_t>::max();

Error Malformed(const std::string& message);

// Whether such a member is there, null or not.
bool Has(const json::Value& object, std::string_view name);

// kInvalid if the member is absent or of another kind.
Result<const json::Members*> ObjectAt(const json::Value& object, std::string_view name);
Result<std::string> TextAt(const json::Value& object, std::string_view name);
Result<bool> BooleanAt(const json::Value& object, std::string_view name);
// A whole number of at least `least`, written without fraction or exponent.
Result<std::int64_t> NumberAt(const json::Value& object, std::string_view name, std::int64_t least);
// A list of texts. kLimit if they are more than `most`.
Result<std::vector<std::string>> TextsAt(const json::Value& object, std::string_view name, std::size_t most);

}  // namespace pullseal::tuf

#endif  // PULLSEAL_VERIFY_TUF_MEMBERS_H_
