// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/lru.h"

namespace pullseal {
namespace {

TEST(BytesTest, Base64RoundTripsAllLengths) {
  Bytes bytes;
  for (int i = 0; i < 70; ++i) {
    const auto decoded = Base64Decode(Base64Encode(bytes));
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(bytes, *decoded);
    bytes.push_back(static_cast<std::uint8_t>(i * 37));
  }
}

TEST(BytesTest, Base64RefusesEverythingNotCanonical) {
  for (const char* text : {"A", "AA", "AAA", "AB==", "AAB=", "AA=A", "====", "A===", "AAAA\n", " AAAA", "AA-_",
                           "AAAA=", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(Base64Decode(text).ok()) << text;
  }
  EXPECT_TRUE(Base64Decode("").ok());
}

TEST(BytesTest, HexIsLowerCaseOnly) {
  EXPECT_EQ("00ff10", HexEncode(*HexDecode("00ff10")));
  for (const char* text : {"0", "0G", "FF", "0x", " 0"}) EXPECT_FALSE(HexDecode(text).ok()) << text;
}

TEST(BytesTest, Utf8RefusesSurrogatesAndOverlongForms) {
  EXPECT_TRUE(IsUtf8("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (const char* text :
       {"\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\x80", "\xF0\x80\x80\x80", "\xE0\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(text));
  }
}

TEST(BytesTest, PrintableHidesControlCharactersAndCuts) {
  EXPECT_EQ("a?b??", Printable("a\nb\x1b\xff", 10));
  EXPECT_EQ("ab", Printable("abcd", 2));
}

TEST(ClockTest, TimesRoundTrip) {
  const auto time = ParseTime("2026-11-22T18:40:27.123456Z");
  ASSERT_TRUE(time);
  EXPECT_EQ("2026-11-22T18:40:27.123456Z", FormatTime(*time));
}

TEST(ClockTest, OtherTimesAreRefused) {
  for (const char* text :
       {"", "2026-11-22", "2026-11-22T18:40:27", "9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
        "2026-13-22T18:40:27Z", "2026-02-30T18:40:27Z", "2026-11-22T24:00:00Z", "2026-11-22T18:40:27+01:00",
        "2026-11-22T18:40:27z", "2026-11-22T18:40:27.5+", "2026-11-22T18:40:27.Z", "2026-11-22 18:40:27Z",
        "2026-11-22T18:40:27.1234567890Z", "x026-11-22T18:40:27Z"}) {
    EXPECT_FALSE(ParseTime(text)) << text;
  }
}

TEST(ClockTest, DurationsAndSizesNeedAUnitThatIsKnown) {
  EXPECT_EQ(std::chrono::milliseconds(600'000), ParseDuration("10m"));
  EXPECT_EQ(std::chrono::milliseconds(500), ParseDuration("500ms"));
  for (const char* text : {"", "10", "m", "-1s", "1d", "1.5s", "0s", "99999999999999999h"})
    EXPECT_FALSE(ParseDuration(text)) << text;
  EXPECT_EQ(std::size_t{64} << 20, ParseSize("64MiB"));
  for (const char* text : {"", "64MB", "-1", "1KiBs", "0"}) EXPECT_FALSE(ParseSize(text)) << text;
}

TEST(FileTest, ReadFileBoundsAndRefusesWhatIsNoFile) {
  const std::string path = ::testing::TempDir() + "/pullseal_file_test";
  std::ofstream(path) << "12345";
  EXPECT_EQ("12345", *ReadFile(path, 5));
  EXPECT_EQ(ErrorCode::kLimit, ReadFile(path, 4).error().code);
  EXPECT_EQ(ErrorCode::kNotFound, ReadFile(path + "x", 5).error().code);
  EXPECT_EQ(ErrorCode::kUnavailable, ReadFile("/dev/zero", 5).error().code);
  EXPECT_EQ(ErrorCode::kUnavailable, ReadFile("/", 5).error().code);
}

TEST(LruTest, ForgetsTheOldestBeyondItsCost) {
  LruMap<int> map(3);
  map.Put("a", 1);
  map.Put("b", 2);
  map.Put("c", 3);
  EXPECT_TRUE(map.Find("a"));
  map.Put("d", 4);
  EXPECT_FALSE(map.Find("b"));
  EXPECT_EQ(1, map.Find("a"));
  map.Put("large", 5, 4);
  EXPECT_FALSE(map.Find("large"));
  EXPECT_EQ(3U, map.size());
}

}  // namespace
}  // namespace pullseal
