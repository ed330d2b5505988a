// SPDX-License-Identifier: Apache-2.0
#include "reports/audit/audit_log.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/units.h"
#include "core/crypto/sha256.h"
#include "core/json/value.h"
#include "fakes/fake_clock.h"

namespace pullseal::audit {
namespace {

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() : path_(::testing::TempDir() + "/pullseal_audit.jsonl") { std::filesystem::remove(path_); }
  void Write(int count) {
    auto log = AuditLog::Open(Options{path_, "node"}, clock_);
    ASSERT_TRUE(log.ok()) << log.error().message;
    for (int i = 0; i < count; ++i) {
      Record record;
      record.time = clock_.Now();
      record.action = "pull";
      record.outcome = "deny";
      record.image = "reg.io/x\n\x01\xff\"" + std::to_string(i);
      ASSERT_TRUE((*log)->Append(record).ok());
      head_ = (*log)->Head();
    }
  }
  std::string Text() {
    std::ifstream file(path_);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
  }
  void SetText(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }

  fakes::FakeClock clock_;
  std::string path_;
  std::string head_;
};

TEST_F(AuditLogTest, ChainHoldsAcrossReopening) {
  Write(3);
  Write(2);
  const auto verified = VerifyLog(path_, head_);
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_EQ(5U, verified->records);
  std::istringstream lines(Text());
  std::string line;
  while (std::getline(lines, line)) EXPECT_TRUE(json::Parse(line).ok()) << line;
}

TEST_F(AuditLogTest, EveryChangeIsFoundAndItsLineNamed) {
  Write(4);
  const std::string good = Text();
  for (std::size_t i = 0; i < good.size(); i += 7) {
    std::string bad = good;
    bad[i] = bad[i] == 'x' ? 'y' : 'x';
    SetText(bad);
    EXPECT_FALSE(VerifyLog(path_, "").ok()) << "byte " << i;
  }
  const std::size_t second = good.find('\n') + 1;
  const std::size_t third = good.find('\n', second) + 1;
  SetText(good.substr(0, second) + good.substr(third));
  const auto missing = VerifyLog(path_, "");
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(std::string::npos, missing.error().message.find(":2: ")) << missing.error().message;
}

TEST_F(AuditLogTest, ARecordReplacedByOneThatIsWholeInItselfIsFound) {
  Write(3);
  const std::string good = Text();
  const std::size_t second = good.find('\n') + 1;
  const std::size_t third = good.find('\n', second) + 1;
  std::string line = good.substr(second, third - second - 1);
  line.replace(line.find("deny"), 4, "allow");
  const std::size_t hash = line.rfind(",\"hash\":\"");
  line = line.substr(0, hash) + ",\"hash\":\"" + crypto::Sha256Hex(AsBytes(line.substr(0, hash) + "}")) + "\"}";
  SetText(good.substr(0, second) + line + "\n" + good.substr(third));
  const auto verified = VerifyLog(path_, "");
  ASSERT_FALSE(verified.ok());
  EXPECT_NE(std::string::npos, verified.error().message.find(":3: ")) << verified.error().message;
}

TEST_F(AuditLogTest, AShortenedLogIsFoundByAHeadKeptElsewhere) {
  Write(4);
  const std::string good = Text();
  SetText(good.substr(0, good.rfind('\n', good.size() - 2) + 1));
  EXPECT_TRUE(VerifyLog(path_, "").ok());
  EXPECT_FALSE(VerifyLog(path_, head_).ok());
}

TEST_F(AuditLogTest, TornLineIsCutAndRecorded) {
  Write(2);
  SetText(Text() + R"({"time":"2026)");
  Write(1);
  const auto verified = VerifyLog(path_, "");
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_EQ(4U, verified->records);
  EXPECT_NE(std::string::npos, Text().find("torn last line"));
}

TEST_F(AuditLogTest, ForeignFileIsNotContinued) {
  SetText("hello\n");
  EXPECT_FALSE(AuditLog::Open(Options{path_, "node"}, clock_).ok());
}

TEST_F(AuditLogTest, WriteFailureIsToldAndLeavesAWholeFile) {
  auto log = AuditLog::Open(Options{"/dev/full", "node"}, clock_);
  ASSERT_TRUE(log.ok());
  EXPECT_FALSE((*log)->Append(Record{}).ok());
}

class RotationTest : public ::testing::Test {
 protected:
  RotationTest() {
    char name[] = "/tmp/pullseal_audit_XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/audit.jsonl";
  }
  ~RotationTest() override {
    (void)::umount2(folder_.c_str(), MNT_DETACH);
    std::filesystem::remove_all(folder_);
  }
  std::unique_ptr<AuditLog> Open(std::size_t most, int keep) {
    auto log = AuditLog::Open(Options{path_, "node", most, keep}, clock_);
    EXPECT_TRUE(log.ok()) << log.error().message;
    return std::move(*log);
  }
  Record Some(int i) const {
    Record record;
    record.time = clock_.Now();
    record.action = "create";
    record.outcome = i % 50 == 0 ? "deny" : "allow";
    record.image = "acme.azurecr.io/team/app" + std::to_string(i % 40) + ":1." + std::to_string(i % 7);
    record.digest = "sha256:" + std::string(64, 'a');
    record.rule = "production";
    record.rule_labels = {{"team", "platform"}};
    record.signers = {"release-2026q4"};
    record.pod_namespace = "production";
    record.pod = "app-5d8f7c9b6d-" + std::to_string(i);
    return record;
  }

  fakes::FakeClock clock_;
  std::string folder_;
  std::string path_;
};

// A node's day: a decision every ten seconds, rotated, killed and opened again now and then, proven from end to end.
TEST_F(RotationTest, TwentyFourHoursAreProvenAcrossFiles) {
  constexpr int kRecords = 24 * 360;
  constexpr std::size_t kMost = 512 * limits::kKiB;
  auto log = Open(kMost, 100);
  std::string middle;
  for (int i = 0; i < kRecords; ++i) {
    clock_.Advance(std::chrono::seconds(10));
    ASSERT_TRUE(log->Append(Some(i)).ok());
    if (i == kRecords / 2) middle = log->Head();
    if (i % 1'000 == 0) log = Open(kMost, 100);
  }
  const auto files = RotatedFiles(path_);
  EXPECT_GE(files.size(), 10U);
  for (const std::string& file : files) EXPECT_LE(std::filesystem::file_size(file), kMost) << file;
  for (const std::string& head : {std::string(), middle, log->Head()}) {
    const auto verified = VerifyLog(path_, head);
    ASSERT_TRUE(verified.ok()) << verified.error().message;
    EXPECT_EQ(static_cast<std::uint64_t>(kRecords), verified->records);
  }
  // A file taken out of the middle, or two exchanged, shows.
  std::filesystem::rename(path_ + ".3", path_ + ".x");
  EXPECT_FALSE(VerifyLog(path_, "").ok());
  std::filesystem::rename(path_ + ".4", path_ + ".3");
  std::filesystem::rename(path_ + ".x", path_ + ".4");
  const auto exchanged = VerifyLog(path_, "");
  ASSERT_FALSE(exchanged.ok());
  EXPECT_NE(std::string::npos, exchanged.error().message.find("does not follow")) << exchanged.error().message;
}

TEST_F(RotationTest, KeepsAsManyFilesAsAskedAndTheChain) {
  auto log = Open(128 * limits::kKiB, 2);
  for (int i = 0; i < 1'500; ++i) ASSERT_TRUE(log->Append(Some(i)).ok());
  EXPECT_EQ(3U, RotatedFiles(path_).size());
  EXPECT_TRUE(VerifyLog(path_, log->Head()).ok());
}

TEST_F(RotationTest, ACrashBetweenRenameAndFirstRecordKeepsTheChain) {
  auto log = Open(1 * limits::kMiB, 2);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(log->Append(Some(i)).ok());
  log.reset();
  std::filesystem::rename(path_, path_ + ".1");
  log = Open(1 * limits::kMiB, 2);
  ASSERT_TRUE(log->Append(Some(11)).ok());
  const auto verified = VerifyLog(path_, log->Head());
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_EQ(11U, verified->records);
}

// No file descriptor is left for the new file: each further record must not push the rotated files out.
TEST_F(RotationTest, AFileThatCannotBeOpenedAfterRotationCostsNoRecords) {
  // Inodes for: the folder, the log, two rotated files, the junk.
  if (::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=256m,nr_inodes=5") != 0) GTEST_SKIP() << "needs root";
  constexpr std::size_t kMost = 128 * limits::kKiB;
  auto log = Open(kMost, 3);
  int written = 0;
  while (!std::filesystem::exists(path_ + ".2")) ASSERT_TRUE(log->Append(Some(written++)).ok());
  while (std::filesystem::file_size(path_) + 2'000 < kMost) ASSERT_TRUE(log->Append(Some(written++)).ok());
  const std::string junk = folder_ + "/junk";
  ASSERT_TRUE(std::ofstream(junk).is_open());
  ASSERT_FALSE(std::ofstream(folder_ + "/more").is_open()) << "no inode is left";
  int failed = 0;
  for (int i = 0; i < 20; ++i) {
    if (log->Append(Some(i)).ok()) {
      ++written;
    } else {
      ++failed;
    }
  }
  std::filesystem::remove(junk);
  EXPECT_GT(failed, 5);
  ASSERT_TRUE(log->Append(Some(0)).ok());
  const auto verified = VerifyLog(path_, log->Head());
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_EQ(static_cast<std::uint64_t>(written) + 1, verified->records);
}

TEST_F(RotationTest, ALinkInItsPlaceIsNotFollowed) {
  std::filesystem::create_symlink("/dev/null", path_);
  EXPECT_FALSE(AuditLog::Open(Options{path_, "node"}, clock_).ok());
}

// Somebody fills the disk: records go on into blocks that are already the log's, and the chain stays whole when even
// those are spent, and when there is room again.
TEST_F(RotationTest, AFullDiskIsSurvivedOnTheReserve) {
  if (::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=4m") != 0) GTEST_SKIP() << "needs root";
  auto log = Open(64 * limits::kMiB, 2);
  ASSERT_TRUE(log->Append(Some(0)).ok());
  const std::string junk = folder_ + "/junk";
  {
    std::ofstream file(junk, std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), 4096).flush()) {
    }
  }
  int written = 0;
  Status last;
  while ((last = log->Append(Some(written))).ok() && written < 100'000) {
    ++written;
    clock_.Advance(std::chrono::seconds(2));
  }
  EXPECT_GE(written, 1000) << "the reserve is worth that many records";
  EXPECT_FALSE(last.ok());
  EXPECT_TRUE(log->OnReserve());
  EXPECT_TRUE(VerifyLog(path_, log->Head()).ok());
  EXPECT_FALSE(log->Append(Some(1)).ok());
  std::filesystem::remove(junk);
  clock_.Advance(std::chrono::seconds(2));
  EXPECT_TRUE(log->Append(Some(1)).ok());
  EXPECT_FALSE(log->OnReserve());
  EXPECT_TRUE(VerifyLog(path_, log->Head()).ok());
}

}  // namespace
}  // namespace pullseal::audit
