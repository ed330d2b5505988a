// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGNATURE_JSON_OBJECT_H_
#define PULLSEAL_VERIFY_SIGNATURE_JSON_OBJECT_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/json/value.h"

namespace pullseal::signature {

// JsonObject reads the members of one object as the protobuf JSON mapping writes them (lowerCamelCase names, bytes as
// standard base64, 64-bit integers as text), but strictly: a member that is not expected is refused, so that no other
// spelling of a name can say another thing to another reader. An absent member, or null, is its default: empty or zero.
// Refers to the value it was made of.
class JsonObject {
 public:
  // Of takes `value` if it is an object with no members but `names`. `what` begins each error. kInvalid.
  static Result<JsonObject> Of(const json::Value& value, std::string what,
                               std::initializer_list<std::string_view> names);

  // The member, null if it is absent or null.
  const json::Value* Find(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  Result<std::string> TextAt(std::string_view name) const;
  Result<Bytes> BytesAt(std::string_view name) const;
  // A whole number, 0 to 2^63-1, as a JSON number or decimal text.
  Result<std::int64_t> NumberAt(std::string_view name) const;
  // The values of a list of at most `most`. kLimit if there are more.
  Result<std::vector<const json::Value*>> ListAt(std::string_view name, std::size_t most) const;

  Error Broken(const std::string& message) const { return Error{ErrorCode::kInvalid, what_ + ": " + message}; }

 private:
  JsonObject(const json::Value& value, std::string what) : value_(&value), what_(std::move(what)) {}
  const json::Value* value_;
  std::string what_;
};

}  // namespace pullseal::signature

#endif  // PULLSEAL_VERIFY_SIGNATURE_JSON_OBJECT_H_
