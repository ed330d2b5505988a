// SPDX-License-Identifier: Apache-2.0
// Records are handed on once and in order, whatever happens to the files.
#include "node/agent/audit_follower.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace pullseal::agent {
namespace {

namespace fs = std::filesystem;

class AuditFollowerTest : public ::testing::Test {
 protected:
  AuditFollowerTest() {
    char name[] = "/tmp/pullseal_follow_XXXXXX";
    folder_ = ::mkdtemp(name);
    log_ = folder_ + "/audit.jsonl";
  }
  ~AuditFollowerTest() override { fs::remove_all(folder_); }
  static std::string Record(int number) { return "{\"seq\":" + std::to_string(number) + ",\"action\":\"pull\"}\n"; }
  void Write(int from, int to) {
    std::ofstream out(log_, std::ios::app);
    for (int i = from; i <= to; ++i) out << Record(i);
  }
  // As the audit log does: the older files move on.
  void Rotate() {
    for (int i = 8; i >= 1; --i) {
      const std::string old = log_ + "." + std::to_string(i);
      if (fs::exists(old)) fs::rename(old, log_ + "." + std::to_string(i + 1));
    }
    fs::rename(log_, log_ + ".1");
  }
  void Start() {
    follower_ = std::make_unique<AuditFollower>(log_, folder_ + "/cursor", [this](const std::string& lines) {
      if (refuses_) return false;
      taken_ += lines;
      return true;
    });
  }
  std::string Records(int from, int to) {
    std::string out;
    for (int i = from; i <= to; ++i) out += Record(i);
    return out;
  }

  std::string folder_;
  std::string log_;
  std::string taken_;
  bool refuses_ = false;
  std::unique_ptr<AuditFollower> follower_;
};

TEST_F(AuditFollowerTest, FollowsAcrossRotationsAndRestarts) {
  Start();
  EXPECT_EQ(0u, follower_->Follow()) << "there is no log yet";
  Write(1, 3);
  EXPECT_EQ(3u, follower_->Follow());
  Write(4, 5);
  Rotate();
  Write(6, 7);
  follower_->Follow();
  EXPECT_EQ(Records(1, 7), taken_);
  Start();
  follower_->Follow();
  EXPECT_EQ(Records(1, 7), taken_) << "nothing again after a restart";
  Write(8, 9);
  Rotate();
  Write(10, 11);
  Rotate();
  Write(12, 12);
  Start();
  follower_->Follow();
  follower_->Follow();
  EXPECT_EQ(Records(1, 12), taken_);
  EXPECT_EQ(12u, follower_->sequence());
}

TEST_F(AuditFollowerTest, ALineIsTakenOnlyWhole) {
  Start();
  std::ofstream(log_) << Record(1) << "{\"seq\":2,";
  EXPECT_EQ(1u, follower_->Follow());
  std::ofstream(log_, std::ios::app) << "\"action\":\"pull\"}\n";
  EXPECT_EQ(1u, follower_->Follow());
  EXPECT_EQ(Records(1, 2), taken_);
}

TEST_F(AuditFollowerTest, ALineWithoutEndTakesNoMemory) {
  Start();
  Write(1, 1);
  std::ofstream(log_, std::ios::app) << std::string(5 << 20, 'x') << "\n";
  Write(2, 2);
  follower_->Follow();
  EXPECT_NE(std::string::npos, taken_.find("too long for a record was passed over"));
  EXPECT_LT(taken_.size(), std::size_t{2} << 20) << "it was kept instead";
  EXPECT_TRUE(taken_.ends_with(Record(2)));
}

TEST_F(AuditFollowerTest, WhatWasNotTakenComesAgain) {
  Start();
  Write(1, 3);
  refuses_ = true;
  EXPECT_EQ(0u, follower_->Follow());
  refuses_ = false;
  follower_->Follow();
  EXPECT_EQ(Records(1, 3), taken_);
}

TEST_F(AuditFollowerTest, RecordsThatWereRotatedAwayAreAGap) {
  Start();
  Write(1, 2);
  follower_->Follow();
  fs::remove(log_);
  Write(6, 7);
  Start();
  follower_->Follow();
  EXPECT_NE(std::string::npos, taken_.find("audit records 3 to 5 were rotated away")) << taken_;
  EXPECT_TRUE(taken_.ends_with(Records(6, 7))) << taken_;
}

TEST_F(AuditFollowerTest, ALogThatBeginsAnewIsFollowedFromItsBeginning) {
  Start();
  Write(1, 5);
  follower_->Follow();
  fs::remove(log_);
  Write(1, 2);
  taken_.clear();
  Start();
  follower_->Follow();
  EXPECT_EQ(Records(1, 2), taken_);
}

}  // namespace
}  // namespace pullseal::agent
