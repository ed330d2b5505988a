// SPDX-License-Identifier: Apache-2.0
#include "node/trust/archive.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

namespace pullseal::trust {
namespace {

// One entry as tar writes it.
std::string Entry(const std::string& name, const std::string& content, char kind = '0',
                  const std::string& prefix = "") {
  std::string block(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) {
    std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(0, name.substr(0, 100));
  put(100, "0000644");
  char size[16];
  std::snprintf(size, sizeof size, "%011lo", static_cast<unsigned long>(content.size()));
  put(124, size);
  put(148, "        ");
  block[156] = kind;
  put(257, std::string("ustar\0"
                       "00",
                       8));
  put(345, prefix);
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  char text[16];
  std::snprintf(text, sizeof text, "%06o", sum);
  put(148, std::string(text, 7));
  return block + content + std::string((512 - content.size() % 512) % 512, '\0');
}

const std::string kEnd(1024, '\0');

TEST(ArchiveTest, ReadsFilesByName) {
  const std::string bytes = Entry("./a", "1") + Entry("folder/", "", '5') + Entry("folder/b", std::string(600, 'x')) +
                            Entry("c", "", '0', "deep/er") + Entry("link", "", '2') + Entry("a", "22") + kEnd + "junk";
  const auto files = ReadArchive(bytes);
  ASSERT_TRUE(files.ok()) << files.error().message;
  EXPECT_EQ(3U, files->size());
  EXPECT_EQ("22", files->at("a"));
  EXPECT_EQ(std::string(600, 'x'), files->at("folder/b"));
  EXPECT_EQ("", files->at("deep/er/c"));
}

TEST(ArchiveTest, LongNamesOfBothKinds) {
  const std::string name = "targets/" + std::string(150, 'n');
  const std::string line = " path=" + name + "\n";
  const std::string pax = std::to_string(line.size() + 3) + line;
  for (const std::string& head : {Entry("././@LongLink", name + std::string(1, '\0'), 'L'), Entry("x", pax, 'x')}) {
    const std::string bytes = head + Entry("short", "1") + Entry("next", "2") + kEnd;
    const auto files = ReadArchive(bytes);
    ASSERT_TRUE(files.ok()) << files.error().message;
    EXPECT_EQ("1", files->at(name));
    EXPECT_EQ("2", files->at("next"));
  }
}

TEST(ArchiveTest, RefusesWhatIsBrokenOrCompressed) {
  std::string damaged = Entry("a", "1") + kEnd;
  damaged[0] = 'b';
  for (const std::string& bytes :
       {std::string(), std::string("\x1f\x8b\x08\0", 4) + std::string(600, 'x'), damaged,
        Entry("a", "1").substr(0, 300), Entry("a", std::string(600, 'x')).substr(0, 700),
        Entry("x", "9999 path=a\n", 'x') + kEnd, Entry("x", "a path=a\n", 'x') + kEnd,
        Entry("x", "3 \n", 'x') + Entry("x", "2 ", 'x') + kEnd, Entry("L", std::string(5000, 'a'), 'L') + kEnd}) {
    EXPECT_FALSE(ReadArchive(bytes).ok());
  }
}

TEST(ArchiveTest, EntriesHaveABound) {
  std::string bytes;
  for (int i = 0; i < 16'385; ++i) bytes += Entry("a", "");
  EXPECT_EQ(ErrorCode::kLimit, ReadArchive(bytes).error().code);
}

}  // namespace
}  // namespace pullseal::trust
