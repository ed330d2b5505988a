// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/json/value.h"

// What Parse accepts, Quote and Parse must keep.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = pullseal::json::Parse(text);
  const auto again = pullseal::json::Parse(pullseal::json::Quote(text));
  if (!again.ok() || again->string() == nullptr) __builtin_trap();
  return value.ok() ? 0 : 0;
}
