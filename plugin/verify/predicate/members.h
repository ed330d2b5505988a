// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_PREDICATE_MEMBERS_H_
#define PULLSEAL_VERIFY_PREDICATE_MEMBERS_H_

#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/json/value.h"

// Members of predicates, of which absent, null and, for text, empty mean the same (in-toto attestation framework,
// "Parsing rules"; SLSA).
namespace pullseal::predicate {

// The member `name`; null where it is absent or null.
const json::Value* Member(const json::Value& object, std::string_view name);
// Its text, empty where it is absent or null. kInvalid where it is no text, or longer than limits::kIdentifierBytes.
Result<std::string> TextAt(const json::Value& object, std::string_view name);
// A copy of `object` without some members.
json::Value Without(const json::Value& object, std::initializer_list<std::string_view> names);
// Puts `value` in place of the member `name`, if there is one.
void Replace(json::Value& object, std::string_view name, json::Value value);

}  // namespace pullseal::predicate

#endif  // PULLSEAL_VERIFY_PREDICATE_MEMBERS_H_
