// SPDX-License-Identifier: Apache-2.0
// A node that is a folder: what is noted of containerd's configuration, and when it changes.
#include "node/install/containerd_note.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace pullseal::install {
namespace {

namespace fs = std::filesystem;

class ContainerdNoteTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kStart = 1'700'000'000;

  ContainerdNoteTest() {
    char name[] = "/tmp/pullseal_note_XXXXXX";
    folder_ = ::mkdtemp(name);
    Start(kStart);
    Configure("reg.io/pause:1", kStart - 100);
  }
  ~ContainerdNoteTest() override { fs::remove_all(folder_); }

  void Write(const std::string& path, const std::string& text, std::int64_t when = kStart - 100) const {
    fs::create_directories(fs::path(folder_ + path).parent_path());
    std::ofstream(folder_ + path) << text;
    const timespec times[2] = {{when, 0}, {when, 0}};
    ::utimensat(AT_FDCWD, (folder_ + path).c_str(), times, 0);
  }
  // containerd.service's process starts.
  void Start(std::int64_t when) const {
    Write("/proc/stat", "cpu 1\nbtime " + std::to_string(when - 10) + "\nprocesses 1\n");
    std::string fields = "100 (a ) name) S";
    for (int i = 0; i < 18; ++i) fields += " 1";
    Write("/proc/100/stat", fields + " " + std::to_string(10 * ::sysconf(_SC_CLK_TCK)) + " 0\n");
  }
  static std::string Section(const std::string& image) {
    return "version = 3\n[plugins.'io.containerd.cri.v1.images'.pinned_images]\nsandbox = '" + image + "'\n";
  }
  // A file that says the image, and a dump that does.
  void Configure(const std::string& image, std::int64_t when) {
    Write("/etc/containerd/config.toml", Section(image), when);
    dump_ = Section(image) + "[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = ''\n";
  }
  Host Node() const {
    return Host(folder_, [this](const std::vector<std::string>& words, std::chrono::seconds) -> Result<std::string> {
      if (words.at(0) == "systemctl") return std::string("100\n");
      if (words == std::vector<std::string>{"containerd", "config", "dump"} && !dump_.empty()) return dump_;
      return Error{ErrorCode::kUnavailable, "no such program"};
    });
  }
  static std::string Image(const Result<containerd::Note>& note) {
    return !note ? note.error().message : note->settings.sandbox_image ? note->settings.sandbox_image->value : "none";
  }

  std::string folder_;
  std::string dump_;
};

TEST_F(ContainerdNoteTest, NotesValueAndSource) {
  EXPECT_FALSE(FindContainerdNote(Node()));
  const auto note = NoteContainerd(Node(), "2.1.9");
  ASSERT_EQ("reg.io/pause:1", Image(note));
  EXPECT_EQ(folder_ + "/etc/containerd/config.toml", note->settings.sandbox_image->from);
  EXPECT_EQ(containerd::kBuiltIn, note->settings.config_path->from);
  EXPECT_EQ(kStart, note->started);
  EXPECT_EQ("", note->newer);
  EXPECT_EQ(*note, *FindContainerdNote(Node()));
  struct stat info {};
  ASSERT_EQ(0, ::stat((folder_ + std::string(kContainerdNote)).c_str(), &info));
  EXPECT_EQ(0600U, info.st_mode & 0777U);
}

TEST_F(ContainerdNoteTest, AFileThatIsNewerThanContainerdIsToldAndDoesNotCount) {
  ASSERT_EQ("reg.io/pause:1", Image(NoteContainerd(Node(), "2.1.9")));
  Configure("reg.io/pause:2", kStart + 100);
  auto note = NoteContainerd(Node(), "2.1.9");
  EXPECT_EQ("reg.io/pause:1", Image(note));
  EXPECT_EQ(folder_ + "/etc/containerd/config.toml", note->newer);
  Start(kStart + 200);
  note = NoteContainerd(Node(), "2.1.9");
  EXPECT_EQ("reg.io/pause:2", Image(note)) << "containerd was started again";
  EXPECT_EQ("", note->newer);
  // Changed with an old time, as an unpacked archive has it: the same containerd cannot have read it.
  Configure("reg.io/pause:3", kStart);
  note = NoteContainerd(Node(), "2.1.9");
  EXPECT_EQ("reg.io/pause:2", Image(note));
  EXPECT_NE("", note->newer);
  Configure("reg.io/pause:2", kStart);
  EXPECT_EQ("", NoteContainerd(Node(), "2.1.9")->newer) << "put back";
}

TEST_F(ContainerdNoteTest, ANewerFileThatWasNeverNotedIsTheBestThatIsKnown) {
  Configure("reg.io/pause:2", kStart + 100);
  auto note = NoteContainerd(Node(), "2.1.9");
  EXPECT_EQ("reg.io/pause:2", Image(note));
  EXPECT_NE("", note->newer);
  Start(kStart + 200);
  note = NoteContainerd(Node(), "2.1.9");
  EXPECT_EQ("", note->newer);
}

TEST_F(ContainerdNoteTest, WhatCannotBeFoundOutLeavesTheNote) {
  ASSERT_TRUE(NoteContainerd(Node(), "2.1.9").ok());
  dump_.clear();
  EXPECT_FALSE(NoteContainerd(Node(), "2.1.9").ok());
  dump_ = "[";
  EXPECT_FALSE(NoteContainerd(Node(), "2.1.9").ok());
  ASSERT_TRUE(FindContainerdNote(Node()));
  EXPECT_EQ("reg.io/pause:1", FindContainerdNote(Node())->settings.sandbox_image->value);
}

}  // namespace
}  // namespace pullseal::install
