// SPDX-License-Identifier: Apache-2.0
#include "core/base/result.h"

#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <utility>

namespace pullseal {
namespace {

Error Broken() { return Error{ErrorCode::kTimeout, "read: too slow"}; }

TEST(ResultTest, HoldsAValueOrAnError) {
  const Result<int> good = 7;
  const Result<int> bad = Broken();
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(7, *good);
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(ErrorCode::kTimeout, bad.error().code);
}

TEST(ResultTest, ErrorTakesContextInFront) {
  const Error error = Broken().In("fetch manifest");
  EXPECT_EQ("fetch manifest: read: too slow", error.message);
  EXPECT_EQ(ErrorCode::kTimeout, error.code);
}

TEST(ResultTest, StatusIsGoodUntilAnErrorIsGiven) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ("read: too slow", Status(Broken()).error().message);
}

TEST(ResultTest, AMoveOnlyValueMovesOut) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(3, *taken);
}

// What is not there is never read, whatever NDEBUG says: each way to it aborts.
TEST(ResultDeathTest, TheValueOfAFailureAborts) {
  Result<std::string> bad = Broken();
  const Result<std::string>& constant = bad;
  EXPECT_DEATH(static_cast<void>(bad.value()), "");
  EXPECT_DEATH(static_cast<void>(constant.value()), "");
  EXPECT_DEATH(static_cast<void>(*bad), "");
  EXPECT_DEATH(static_cast<void>(*constant), "");
  EXPECT_DEATH(static_cast<void>(bad->size()), "");
  EXPECT_DEATH(static_cast<void>(constant->size()), "");
  EXPECT_DEATH(static_cast<void>(std::move(bad).value()), "");
}

TEST(ResultDeathTest, TheErrorOfASuccessAborts) {
  const Result<int> good = 7;
  EXPECT_EXIT(static_cast<void>(good.error().code), testing::KilledBySignal(SIGABRT), "");
  const Status status;
  EXPECT_EXIT(static_cast<void>(status.error().code), testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace pullseal
