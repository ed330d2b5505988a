// SPDX-License-Identifier: Apache-2.0
#include "core/json/shape.h"

#include <gtest/gtest.h>

#include <array>

namespace pullseal::json {
namespace {

using Kind = Field::Kind;

constexpr std::array kInnerFields = {Field{"disks", Kind::kText, false, nullptr}};
constexpr Shape kInner{kInnerFields};
constexpr std::array kFields = {
    Field{"name", Kind::kText, false, nullptr},      Field{"size", Kind::kInteger, false, nullptr},
    Field{"labels", Kind::kTextMap, false, nullptr}, Field{"inner", Kind::kObject, true, &kInner},
    Field{"anything", Kind::kRaw, false, nullptr},
};
constexpr Shape kShape{kFields};

bool Good(const std::string& text) { return CheckShape(*Parse(text), kShape).ok(); }

TEST(ShapeTest, FieldsAreSpelledExactly) {
  EXPECT_TRUE(Good(R"({"name":"x","size":1,"labels":{},"inner":[{"disks":"y"}]})"));
  for (const char* text :
       {R"({"Name":"x"})", R"({"name":"x","NAME":"y"})", R"({"labelS":{}})", "{\"label\u017f\":{}}",
        R"({"inner":[{},{"diskS":"y"}]})", "{\"inner\":[{\"dis\u212As\":\"y\"}]}", R"({"\u0053ize":1})"}) {
    EXPECT_FALSE(Good(text)) << text;
  }
}

// Also where nobody reads them today: a newer containerd may.
TEST(ShapeTest, NoTwoMembersAreSpellingsOfOne) {
  EXPECT_FALSE(Good(R"({"other":1,"Other":2})"));
  EXPECT_FALSE(Good("{\"other\u017f\":1,\"others\":2}"));
  std::string many = "{";
  for (int i = 0; i < 5000; ++i) many += "\"m" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(Good(many + "\"x\":0}"));
  EXPECT_FALSE(Good(many + "\"M4999\":0}"));
}

TEST(ShapeTest, MapsAndWhatNoFieldReadsAreNotFolded) {
  EXPECT_TRUE(Good(R"({"labels":{"a":"1","A":"2"},"other":{"b":1,"B":2},"anything":{"c":1,"C":2}})"));
}

TEST(ShapeTest, NullIsAbsent) {
  EXPECT_TRUE(Good(R"({"name":null,"size":null,"labels":{"a":null},"inner":null,"anything":null})"));
  const auto value = Parse(R"({"a":null,"b":1})");
  EXPECT_EQ(nullptr, Present(*value, "a"));
  EXPECT_NE(nullptr, Present(*value, "b"));
}

TEST(ShapeTest, FieldsAreOfTheirTypes) {
  for (const char* text :
       {R"({"name":1})", R"({"size":"1"})", R"({"size":1.0})", R"({"size":9223372036854775808})",
        R"({"labels":{"a":1}})", R"({"labels":[]})", R"({"inner":{}})", R"({"inner":[1]})", "[]", "1"}) {
    EXPECT_FALSE(Good(text)) << text;
  }
}

}  // namespace
}  // namespace pullseal::json
