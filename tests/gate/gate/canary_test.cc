// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/canary.h"

#include <gtest/gtest.h>

namespace pullseal::gate {
namespace {

TEST(CanaryTest, TheJudgeTellsTheGoodFromTheForged) {
  const WallTime now = std::chrono::system_clock::now();
  EXPECT_EQ(Reason::kSigned, JudgeCanary(Canary::kGood, now).reason) << JudgeCanary(Canary::kGood, now).detail;
  EXPECT_EQ(Reason::kSignatureInvalid, JudgeCanary(Canary::kForged, now).reason);
  EXPECT_EQ("", CanariesHold(now));
}

TEST(CanaryTest, AJudgeThatSaysTheSameToBothIsFoundOut) {
  const WallTime now = std::chrono::system_clock::now();
  const auto always = [](Canary canary) {
    return [canary](Canary, WallTime when) { return JudgeCanary(canary, when); };
  };
  EXPECT_EQ("a forged signature was not refused", CanariesHold(now, always(Canary::kGood)));
  EXPECT_EQ("a good signature was refused", CanariesHold(now, always(Canary::kForged)));
}

TEST(CanaryTest, OnlyTheReservedHostIsOne) {
  EXPECT_TRUE(IsCanary(*oci::Reference::Parse("canary.pullseal.invalid/x:1")));
  for (const char* name : {"canary.pullseal.invalid.example.com/x:1", "canary.pullseal.invalid:443/x:1",
                           "reg.io/canary.pullseal.invalid/x"}) {
    EXPECT_FALSE(IsCanary(*oci::Reference::Parse(name))) << name;
  }
}

}  // namespace
}  // namespace pullseal::gate
