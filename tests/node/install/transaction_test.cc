// SPDX-License-Identifier: Apache-2.0
// A change that can be taken back at any moment, from what was written down alone.
#include "node/install/transaction.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace pullseal::install {
namespace {

namespace fs = std::filesystem;

class TransactionTest : public ::testing::Test {
 protected:
  TransactionTest() : folder_(MakeFolder()), host_(folder_) {
    fs::create_directories(folder_ + "/opt/pullseal/node");
    fs::create_directories(folder_ + "/etc");
  }
  ~TransactionTest() override { fs::remove_all(folder_); }
  static std::string MakeFolder() {
    char name[] = "/tmp/pullseal_node_XXXXXX";
    return ::mkdtemp(name);
  }
  std::map<std::string, std::string> Everything() const {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      const std::string name = entry.path().string().substr(folder_.size());
      if (name.starts_with("/opt/pullseal/node")) continue;
      std::string what = std::to_string(static_cast<unsigned>(entry.symlink_status().permissions()));
      if (entry.is_symlink()) {
        what += " -> " + fs::read_symlink(entry.path()).string();
      } else if (entry.is_regular_file()) {
        std::ifstream in(entry.path());
        what += " " + std::string(std::istreambuf_iterator<char>(in), {});
      }
      out[name] = what;
    }
    return out;
  }
  std::vector<Change> Changes() const {
    return {{"/etc/new/deep/file", FileWith("new\n", 0600)},
            {"/etc/there", FileWith("changed\n", 0640)},
            {"/etc/link", LinkTo("elsewhere")},
            {"/etc/goes", FileState()},
            {"/etc/becomes-link", LinkTo("there")}};
  }
  void Fill() const {
    ASSERT_TRUE(host_.Put("/etc/there", FileWith(std::string("before\0\xff", 8), 0755)));
    ASSERT_TRUE(host_.Put("/etc/goes", FileWith("stays?\n", 0600)));
    ASSERT_TRUE(host_.Put("/etc/link", LinkTo("here")));
    ASSERT_TRUE(host_.Put("/etc/becomes-link", FileWith("a file\n")));
  }

  const std::string folder_;
  const Host host_;
};

// docs/transaction-note.md shows a note; it is one.
TEST_F(TransactionTest, TheNoteOfTheDocumentationIsOne) {
  std::ifstream in(std::string(PULLSEAL_TOP) + "/docs/transaction-note.md");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto begin = text.find("```json\n") + 8;
  const auto end = text.find("```", begin);
  ASSERT_NE(std::string::npos, end);
  std::ofstream(folder_ + std::string(Transaction::kFile)) << text.substr(begin, end - begin);
  auto found = Transaction::Find(host_);
  ASSERT_TRUE(found.ok()) << found.error().message;
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ("upgrade", (*found)->kind());
  EXPECT_EQ("0.1.0", (*found)->from());
  EXPECT_EQ("0.2.0", (*found)->to());
  EXPECT_EQ("files, units and settings are written", (*found)->step());
  EXPECT_EQ(std::vector<std::string>{"/etc/containerd/conf.d"}, (*found)->record().folders);
  const auto& before = (*found)->record().before;
  ASSERT_EQ(3U, before.size());
  EXPECT_EQ(FileWith("mode: audit\n", 0644), before.at("/etc/pullseal/policy.yaml"));
  EXPECT_EQ("versions/0.1.0", before.at("/opt/pullseal/current").text);
  // What it says is put back, and what this program writes has the same members.
  std::filesystem::create_directories(folder_ + "/etc/pullseal");
  ASSERT_TRUE(host_.Put("/etc/pullseal/policy.yaml", FileWith("mode: enforce\n", 0644)));
  ASSERT_TRUE((*found)->PutBack(host_));
  EXPECT_EQ(FileWith("mode: audit\n", 0644), *host_.Look("/etc/pullseal/policy.yaml"));
  ASSERT_TRUE((*found)->Enter(host_, "a step"));
  const std::string written = *ReadFile(folder_ + std::string(Transaction::kFile), 1 << 20);
  for (const char* member : {"kind", "from", "to", "step", "record"}) {
    EXPECT_NE(std::string::npos, written.find("\"" + std::string(member) + "\":")) << member;
    EXPECT_NE(std::string::npos, text.find("\"" + std::string(member) + "\":")) << member;
  }
}

TEST_F(TransactionTest, IsTakenBackFromTheFileAloneWhereverItStopped) {
  Fill();
  const auto before = Everything();
  for (int stop = 0; stop <= static_cast<int>(Changes().size()); ++stop) {
    int made = 0;
    {
      auto change = Transaction::Begin(host_, "install", "", "1", Changes());
      ASSERT_TRUE(change.ok());
      ASSERT_TRUE(change->Apply(host_, [&](const std::string&) { return made++ < stop; }));
    }
    auto found = Transaction::Find(host_);
    ASSERT_TRUE(found.ok() && *found) << "stopped after " << stop;
    EXPECT_EQ("install", (*found)->kind());
    ASSERT_TRUE((*found)->PutBack(host_));
    ASSERT_TRUE((*found)->PutBack(host_)) << "it may be repeated";
    EXPECT_EQ(before, Everything()) << "stopped after " << stop;
    ASSERT_TRUE((*found)->End(host_));
    EXPECT_FALSE(*Transaction::Find(host_));
  }
}

TEST_F(TransactionTest, MadeWholeItStands) {
  Fill();
  auto change = Transaction::Begin(host_, "upgrade", "1", "2", Changes());
  ASSERT_TRUE(change.ok());
  EXPECT_TRUE(change->Touches("/etc/there"));
  EXPECT_FALSE(change->Touches("/usr"));
  ASSERT_TRUE(change->Apply(host_, [](const std::string&) { return true; }));
  ASSERT_TRUE(change->Enter(host_, "the last step"));
  EXPECT_EQ("the last step", (*Transaction::Find(host_))->step());
  ASSERT_TRUE(change->End(host_));
  for (const Change& one : Changes()) EXPECT_EQ(one.after, *host_.Look(one.path)) << one.path;
  auto again = Transaction::Begin(host_, "upgrade", "2", "2", Changes());
  EXPECT_FALSE(again->Touches("/")) << "everything is as it shall be";
}

TEST_F(TransactionTest, WhatCannotBeReadIsAnErrorAndNoLicence) {
  for (const std::string text : {"", "{}", "{\"kind\":\"install\",\"record\":\"{}\"}",
                                 "{\"kind\":\"install\",\"record\":\"{\\\"before\\\":[{\\\"path\\\":\\\"relative\\\","
                                 "\\\"kind\\\":\\\"absent\\\","
                                 "\\\"text\\\":\\\"\\\",\\\"mode\\\":0}],\\\"folders\\\":[]}\"}"}) {
    std::ofstream(folder_ + std::string(Transaction::kFile)) << text;
    EXPECT_FALSE(Transaction::Find(host_).ok()) << text;
  }
}

TEST_F(TransactionTest, OnlyOneHoldsTheLock) {
  auto first = Lock::Take(host_, false);
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(Lock::Take(host_, false).ok());
  first = Error{ErrorCode::kInvalid, "gone"};
  EXPECT_TRUE(Lock::Take(host_, false).ok());
}

}  // namespace
}  // namespace pullseal::install
