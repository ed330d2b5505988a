// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_CBOR_VALUE_H_
#define PULLSEAL_CORE_CBOR_VALUE_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace pullseal::cbor {

class Value;
using Array = std::vector<Value>;
using Entries = std::vector<std::pair<Value, Value>>;

// Value is one CBOR data item (RFC 8949) as Parse read it. Byte and text strings are views into the bytes that were
// parsed, which have to live as long. Immutable; reading from several threads is safe.
class Value {
 public:
  struct Unsigned {
    std::uint64_t number = 0;
  };
  struct Negative {
    std::uint64_t number = 0;  // the value is -1 - number
  };
  struct Tagged {
    std::uint64_t tag = 0;
    Array content;  // exactly one
  };
  struct Other {  // false, true, null, undefined, a simple value, a float: nobody here asks which
  };
  using Storage = std::variant<Unsigned, Negative, ByteView, std::string_view, Array, Entries, Tagged, Other>;

  Value() : storage_(Other{}) {}
  Value(Storage storage, ByteView encoded) : storage_(std::move(storage)), encoded_(encoded) {}

  // A whole number that fits; absent for all else.
  std::optional<std::int64_t> integer() const;
  const ByteView* bytes() const { return std::get_if<ByteView>(&storage_); }
  const std::string_view* text() const { return std::get_if<std::string_view>(&storage_); }
  const Array* array() const { return std::get_if<Array>(&storage_); }
  const Entries* map() const { return std::get_if<Entries>(&storage_); }
  const Tagged* tagged() const { return std::get_if<Tagged>(&storage_); }

  // The entry of a map under that key; null if this is no map or has no such entry.
  const Value* Find(std::int64_t key) const;
  const Value* Find(std::string_view key) const;

  // The item's own bytes. As only one encoding of a value is accepted, equal bytes are equal values.
  ByteView encoded() const { return encoded_; }

 private:
  Storage storage_;
  ByteView encoded_;
};

// Parse reads exactly one data item strictly: only definite lengths and the shortest form of each number, length and
// tag (RFC 8949 section 4.2.1, but for the order of keys, which may be any), keys of maps that are whole numbers or
// text, no key twice, text in UTF-8, no reserved simple values, nothing behind the item, at most limits::kCborDepth
// levels and limits::kCborItems items. kInvalid or kLimit. Allocates in proportion to the items that are there, never
// to a length that is only told.
Result<Value> Parse(ByteView bytes);

}  // namespace pullseal::cbor

#endif  // PULLSEAL_CORE_CBOR_VALUE_H_
