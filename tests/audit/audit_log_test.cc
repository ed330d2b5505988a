#include "audit/audit_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "crypto/sha256.h"
#include "fakes/fake_clock.h"
#include "json/value.h"

namespace pullseal::audit {
namespace {

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() : path_(::testing::TempDir() + "/pullseal_audit.jsonl") { std::filesystem::remove(path_); }
  void Write(int count) {
    auto log = AuditLog::Open(path_, "node", clock_);
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
  const auto verified = VerifyFile(path_, head_);
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
    EXPECT_FALSE(VerifyFile(path_, "").ok()) << "byte " << i;
  }
  const std::size_t second = good.find('\n') + 1;
  const std::size_t third = good.find('\n', second) + 1;
  SetText(good.substr(0, second) + good.substr(third));
  const auto missing = VerifyFile(path_, "");
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
  const auto verified = VerifyFile(path_, "");
  ASSERT_FALSE(verified.ok());
  EXPECT_NE(std::string::npos, verified.error().message.find(":3: ")) << verified.error().message;
}

TEST_F(AuditLogTest, AShortenedLogIsFoundByAHeadKeptElsewhere) {
  Write(4);
  const std::string good = Text();
  SetText(good.substr(0, good.rfind('\n', good.size() - 2) + 1));
  EXPECT_TRUE(VerifyFile(path_, "").ok());
  EXPECT_FALSE(VerifyFile(path_, head_).ok());
}

TEST_F(AuditLogTest, TornLineIsCutAndRecorded) {
  Write(2);
  SetText(Text() + R"({"time":"2026)");
  Write(1);
  const auto verified = VerifyFile(path_, "");
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_EQ(4U, verified->records);
  EXPECT_NE(std::string::npos, Text().find("torn last line"));
}

TEST_F(AuditLogTest, ForeignFileIsNotContinued) {
  SetText("hello\n");
  EXPECT_FALSE(AuditLog::Open(path_, "node", clock_).ok());
}

TEST_F(AuditLogTest, WriteFailureIsToldAndLeavesAWholeFile) {
  auto log = AuditLog::Open("/dev/full", "node", clock_);
  ASSERT_TRUE(log.ok());
  EXPECT_FALSE((*log)->Append(Record{}).ok());
}

}  // namespace
}  // namespace pullseal::audit
