// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/canonical_json.h"

#include <gtest/gtest.h>

namespace pullseal::tuf {
namespace {

std::string Of(const std::string& text) {
  const auto value = json::Parse(text);
  if (!value) return "unread: " + value.error().message;
  const auto out = Canonical(*value);
  return out ? *out : "refused: " + out.error().message;
}

TEST(CanonicalJsonTest, SortsByBytesAndEscapesTwoCharactersOnly) {
  EXPECT_EQ(R"({"A":1,"a":{"b":[true,false,null,-5,0]},"é":2,"😀":3})",
            Of(R"( {"😀":3, "a": {"b": [true, false, null, -5, 0]}, "é": 2, "A": 1} )"));
  EXPECT_EQ("\"\\\\ \\\" \n \t / \x7f\"", Of(R"("\\ \" \n \t \/ \u007f")"));
  EXPECT_EQ("[9223372036854775807,-9223372036854775808]", Of("[9223372036854775807,-9223372036854775808]"));
}

TEST(CanonicalJsonTest, RefusesWhatTheFormCannotSay) {
  for (const char* text : {"1.5", "1.0", "1e3", "-0", "[-0]", "9223372036854775808", "-9223372036854775809", "1E400",
                           R"("\ud800")", R"({"a":1,"a":2})", "\"\xff\"", "01", "{} {}", ""}) {
    const std::string out = Of(text);
    EXPECT_TRUE(out.starts_with("unread: ") || out.starts_with("refused: ")) << text << " -> " << out;
  }
  EXPECT_EQ("0", Of("0"));
}

TEST(CanonicalJsonTest, DepthHasABound) {
  const auto nested = [](int levels) {
    return std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']');
  };
  EXPECT_EQ(nested(32), Of(nested(32)));
  EXPECT_TRUE(Of(nested(33)).starts_with("refused: "));
}

}  // namespace
}  // namespace pullseal::tuf
