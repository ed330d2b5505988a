// SPDX-License-Identifier: Apache-2.0
#include "core/json/value.h"

#include <gtest/gtest.h>

#include "core/json/limits.h"

namespace pullseal::json {
namespace {

TEST(JsonTest, ReadsValues) {
  const auto root = Parse(R"({"a":[1,-2,"x",true,null],"b":{"c":"d"},"n":9223372036854775807})");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(1, root->Find("a")->array()->at(0).integer());
  EXPECT_EQ(-2, root->Find("a")->array()->at(1).integer());
  EXPECT_EQ("d", *root->Find("b")->FindString("c"));
  EXPECT_EQ(std::numeric_limits<std::int64_t>::max(), root->Find("n")->integer());
  EXPECT_EQ(nullptr, root->Find("missing"));
}

TEST(JsonTest, RefusesWhatTwoReadersCouldReadDifferently) {
  for (const char* text :
       {"", "{", R"({"a":1,"a":2})", R"({"b":{"a":1,"a":2}})", "{} {}", "[1,]", "{\"a\":1,}", "// x\n{}", "NaN", "'a'",
        "\xEF\xBB\xBF{} x", "\xEF\xBB\xBF{}", "\"\xff\"", "\"\xED\xA0\x80\"", "{\"a\":01}", "1e999"}) {
    EXPECT_FALSE(Parse(text).ok()) << text;
  }
}

// The library would take the zero for the end.
TEST(JsonTest, ZeroBytesAreNoEnd) {
  EXPECT_FALSE(Parse(std::string_view("{}\0", 3)).ok());
  EXPECT_FALSE(Parse(std::string_view("{}\0{\"a\":1}", 10)).ok());
  EXPECT_FALSE(Parse(std::string_view("\0{}", 3)).ok());
}

TEST(JsonTest, BoundsMembersOfOneObject) {
  std::string many = "{\"m\":0";
  for (std::size_t i = 1; i < limits::kJsonMembers; ++i) many += ",\"m" + std::to_string(i) + "\":0";
  EXPECT_TRUE(Parse(many + "}").ok());
  EXPECT_FALSE(Parse("[" + many.substr(0, many.rfind(',')) + ",\"m1\":0}]").ok());
  EXPECT_EQ(ErrorCode::kLimit, Parse(many + ",\"n\":0}").error().code);
}

TEST(JsonTest, DuplicateIsFoundBehindEscapes) { EXPECT_FALSE(Parse(R"({"a":1,"\u0061":2})").ok()); }

// Wherever the two stand, in objects of few members and of many.
TEST(JsonTest, DuplicatesAreFoundAtAnyDistance) {
  for (const int size : {2, 15, 16, 17, 18, 40}) {
    for (int first = 0; first < size; ++first) {
      for (int second = first + 1; second <= size; ++second) {
        std::string text = "{";
        for (int i = 0; i <= size; ++i) {
          text += (i == 0 ? "\"m" : ",\"m") + std::to_string(i == second ? first : i) +
                  "\":{\"m0\":" + std::to_string(i) + "}";
        }
        ASSERT_FALSE(Parse(text + "}").ok()) << text;
      }
    }
    std::string good = "{\"m\":0";
    for (int i = 0; i < size; ++i) good += ",\"m" + std::to_string(i) + "\":0";
    EXPECT_TRUE(Parse(good + "}").ok());
  }
}

TEST(JsonTest, BoundsDepthAndCount) {
  EXPECT_TRUE(Parse(std::string(limits::kJsonDepth, '[') + std::string(limits::kJsonDepth, ']')).ok());
  const auto deep = Parse(std::string(limits::kJsonDepth + 1, '[') + std::string(limits::kJsonDepth + 1, ']'));
  EXPECT_EQ(ErrorCode::kLimit, deep.error().code);
  std::string many = "[0";
  for (std::size_t i = 0; i < limits::kJsonNodes; ++i) many += ",0";
  EXPECT_EQ(ErrorCode::kLimit, Parse(many + "]").error().code);
  EXPECT_FALSE(Parse(std::string(1'000'000, '[')).ok());
}

TEST(JsonTest, LargeNumbersAreNoIntegers) {
  EXPECT_FALSE(Parse("18446744073709551615")->integer());
  EXPECT_FALSE(Parse("1.0")->integer());
  EXPECT_FALSE(Parse("1e3")->integer());
}

TEST(JsonTest, WriterEscapesWhatOthersWrote) {
  const std::string line = Writer().Text("a\n", "x\"\\\n\x01\xff").Number("n", -1).Boolean("b", true).Finish();
  EXPECT_EQ(std::string::npos, line.find('\n'));
  const auto back = Parse(line);
  ASSERT_TRUE(back.ok()) << line;
  EXPECT_EQ("x\"\\\n\x01\xEF\xBF\xBD", *back->FindString("a\n"));
}

}  // namespace
}  // namespace pullseal::json
