// SPDX-License-Identifier: Apache-2.0
#include "core/cbor/value.h"

#include <gtest/gtest.h>

#include <string>

#include "core/cbor/limits.h"

namespace pullseal::cbor {
namespace {

Bytes Hex(std::string_view text) { return *HexDecode(text); }

// Parses bytes that a test gives as hexadecimal; views stay good as long as the object.
struct Parsed {
  explicit Parsed(std::string_view hex) : bytes(Hex(hex)), value(Parse(bytes)) {}
  explicit Parsed(Bytes raw) : bytes(std::move(raw)), value(Parse(bytes)) {}
  Bytes bytes;
  Result<Value> value;
};

TEST(CborTest, ReadsWholeNumbersOfEachLength) {
  // RFC 8949 appendix A.
  EXPECT_EQ(Parsed("00").value->integer(), 0);
  EXPECT_EQ(Parsed("17").value->integer(), 23);
  EXPECT_EQ(Parsed("1818").value->integer(), 24);
  EXPECT_EQ(Parsed("1903e8").value->integer(), 1000);
  EXPECT_EQ(Parsed("1a000f4240").value->integer(), 1000000);
  EXPECT_EQ(Parsed("1b000000e8d4a51000").value->integer(), 1000000000000);
  EXPECT_EQ(Parsed("20").value->integer(), -1);
  EXPECT_EQ(Parsed("3903e7").value->integer(), -1000);
  EXPECT_EQ(Parsed("1b7fffffffffffffff").value->integer(), INT64_MAX);
  EXPECT_EQ(Parsed("3b7fffffffffffffff").value->integer(), INT64_MIN);
}

TEST(CborTest, NumbersThatDoNotFitAreNoInteger) {
  EXPECT_FALSE(Parsed("1b8000000000000000").value->integer());
  EXPECT_FALSE(Parsed("3b8000000000000000").value->integer());
  EXPECT_FALSE(Parsed("f90000").value->integer());
}

TEST(CborTest, ReadsStringsArraysMapsAndTags) {
  const Parsed parsed(
      "a301820102617843010203"
      "3902ff"
      "c11a5f5e1000");
  ASSERT_TRUE(parsed.value.ok()) << parsed.value.error().message;
  ASSERT_NE(parsed.value->Find(1), nullptr);
  EXPECT_EQ(parsed.value->Find(1)->array()->at(1).integer(), 2);
  EXPECT_EQ(HexEncode(*parsed.value->Find("x")->bytes()), "010203");
  ASSERT_NE(parsed.value->Find(-768), nullptr);
  EXPECT_EQ(parsed.value->Find(-768)->tagged()->tag, 1U);
  EXPECT_EQ(parsed.value->Find(-768)->tagged()->content.at(0).integer(), 0x5f5e1000);
  EXPECT_EQ(parsed.value->Find("y"), nullptr);
  EXPECT_EQ(parsed.value->encoded().size(), parsed.bytes.size());
}

TEST(CborTest, KeysMayStandInAnyOrder) { EXPECT_TRUE(Parsed("a202000100").value.ok()); }

TEST(CborTest, RefusesWhatIsNotOneWholeItem) {
  for (const char* hex : {"", "18", "19ff", "1affffff", "1bffffffffffffff", "41",
                          "6161"
                          "00",
                          "0000", "81", "a1", "a101", "c1", "82ff"}) {
    EXPECT_FALSE(Parsed(hex).value.ok()) << hex;
  }
}

TEST(CborTest, RefusesIndefiniteLengthsAndReservedForms) {
  for (const char* hex : {"9fff", "9f01ff", "bfff", "5fff", "7fff", "ff", "1c", "1d", "1e", "1f", "3f", "dc", "df",
                          "fc", "fd", "fe", "f800", "f818", "f81f"}) {
    EXPECT_FALSE(Parsed(hex).value.ok()) << hex;
  }
}

TEST(CborTest, RefusesNumbersThatAreNotInTheirShortestForm) {
  for (const char* hex : {"1800", "1817", "190000", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3817", "5800",
                          "580100", "780161", "980100", "b8010000", "d81200",
                          "d90012"
                          "00"}) {
    EXPECT_FALSE(Parsed(hex).value.ok()) << hex;
  }
}

TEST(CborTest, AcceptsFloatsAndSimpleValues) {
  for (const char* hex : {"f4", "f5", "f6", "f7", "f820", "f8ff", "f90000", "fa47c35000", "fb3ff199999999999a", "e0"}) {
    EXPECT_TRUE(Parsed(hex).value.ok()) << hex;
  }
}

TEST(CborTest, RefusesKeysThatAreThereTwice) {
  EXPECT_FALSE(Parsed("a201000101").value.ok());
  EXPECT_FALSE(Parsed("a2616100616101").value.ok());
  EXPECT_FALSE(Parsed("81a220002001").value.ok());
  // A number and a text, 1 and -2, are different keys.
  EXPECT_TRUE(Parsed("a30100613101"
                     "2102")
                  .value.ok());
}

TEST(CborTest, RefusesKeysThatAreNoLabels) {
  for (const char* hex : {"a14100"
                          "00",
                          "a18000", "a1a000", "a1f400", "a1c10000", "a1f9000000"}) {
    EXPECT_FALSE(Parsed(hex).value.ok()) << hex;
  }
}

TEST(CborTest, RefusesTextThatIsNotUtf8) {
  EXPECT_FALSE(Parsed("61ff").value.ok());
  EXPECT_FALSE(Parsed("62c080").value.ok());
  EXPECT_FALSE(Parsed("a161ff00").value.ok());
  EXPECT_TRUE(Parsed("62c3a9").value.ok());
}

TEST(CborTest, LengthsThatAreOnlyToldAllocateNothing) {
  for (const char* hex : {"5b7fffffffffffffff", "7b7fffffffffffffff", "9b7fffffffffffffff", "bb7fffffffffffffff",
                          "9bffffffffffffffff", "bbffffffffffffffff", "5bffffffffffffffff"}) {
    EXPECT_FALSE(Parsed(hex).value.ok()) << hex;
  }
}

TEST(CborTest, DepthIsBounded) {
  Bytes nested(limits::kCborDepth - 1, 0x81);
  nested.push_back(0);
  EXPECT_TRUE(Parsed(nested).value.ok());
  nested.insert(nested.begin(), 0x81);
  ASSERT_FALSE(Parsed(nested).value.ok());
  EXPECT_EQ(Parsed(nested).value.error().code, ErrorCode::kLimit);
  // What breaks nlohmann's reader: 50 kB of "an array of one".
  EXPECT_FALSE(Parsed(Bytes(50'000, 0x81)).value.ok());
  EXPECT_FALSE(Parsed(Bytes(50'000, 0xc1)).value.ok());
}

TEST(CborTest, ItemsAreBounded) {
  const auto array = [](std::size_t count) {
    Bytes out = {0x99, static_cast<std::uint8_t>(count >> 8), static_cast<std::uint8_t>(count)};
    out.resize(3 + count, 0);
    return out;
  };
  EXPECT_TRUE(Parsed(array(limits::kCborItems - 1)).value.ok());
  ASSERT_FALSE(Parsed(array(limits::kCborItems)).value.ok());
  EXPECT_EQ(Parsed(array(limits::kCborItems)).value.error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace pullseal::cbor
