// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/cbor/value.h"

namespace {

using pullseal::cbor::Value;

// Everything that Parse returns lies in the bytes it was given, and is itself one item.
void Check(const Value& value, pullseal::ByteView all) {
  const auto mine = value.encoded();
  if (mine.empty() || mine.data() < all.data() || mine.data() + mine.size() > all.data() + all.size()) __builtin_trap();
  if (const auto* array = value.array(); array != nullptr) {
    for (const Value& one : *array) Check(one, mine);
  }
  if (const auto* map = value.map(); map != nullptr) {
    for (const auto& [key, one] : *map) {
      Check(key, mine);
      Check(one, mine);
      const Value* found = key.text() != nullptr ? value.Find(*key.text()) : &one;
      if (key.integer()) found = value.Find(*key.integer());
      if (found != &one) __builtin_trap();
    }
  }
  if (const auto* tagged = value.tagged(); tagged != nullptr) Check(tagged->content.at(0), mine);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const pullseal::ByteView bytes(data, size);
  const auto value = pullseal::cbor::Parse(bytes);
  if (!value) return 0;
  if (value->encoded().size() != size) __builtin_trap();
  Check(*value, bytes);
  return 0;
}
