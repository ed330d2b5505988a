// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/json/shape.h"
#include "core/json/value.h"

namespace {

using pullseal::json::Field;
using pullseal::json::Shape;

// One field of each kind.
constexpr std::array kInnerFields = {Field{"s", Field::Kind::kTime, false, nullptr}};
constexpr Shape kInner{kInnerFields};
constexpr std::array kFields = {
    Field{"a", Field::Kind::kText, true, nullptr},     Field{"b", Field::Kind::kInteger, false, nullptr},
    Field{"c", Field::Kind::kBoolean, false, nullptr}, Field{"k", Field::Kind::kBytes, false, nullptr},
    Field{"n", Field::Kind::kTextMap, false, nullptr}, Field{"o", Field::Kind::kSet, false, nullptr},
    Field{"x", Field::Kind::kObject, true, &kInner},   Field{"r", Field::Kind::kRaw, false, nullptr},
};
constexpr Shape kShape{kFields};

}  // namespace

// What Parse accepts, Quote and Parse must keep.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = pullseal::json::Parse(text);
  const auto again = pullseal::json::Parse(pullseal::json::Quote(text));
  if (!again.ok() || again->string() == nullptr) __builtin_trap();
  if (value) (void)pullseal::json::CheckShape(*value, kShape);
  return 0;
}
