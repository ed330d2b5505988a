// SPDX-License-Identifier: Apache-2.0
// Opening the gate for a while: it is bounded, kept, and over when its time is.
#include "programs/pullseald/break_glass.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fakes/fake_clock.h"
#include "gate/gate/snapshot.h"
#include "programs/pullseald/limits.h"
#include "programs/pullseald/policy_source.h"

namespace pullseal::daemon {
namespace {

namespace fs = std::filesystem;
using std::chrono::minutes;

class BreakGlassTest : public ::testing::Test {
 protected:
  BreakGlassTest() {
    char name[] = "/tmp/pullseal_glass_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~BreakGlassTest() override { fs::remove_all(folder_); }

  std::string folder_;
  fakes::FakeClock clock_;
};

TEST_F(BreakGlassTest, EndsByItselfAndByTheOperator) {
  BreakGlass glass(folder_, clock_);
  EXPECT_FALSE(glass.Active());
  ASSERT_TRUE(glass.Open(minutes(30), "incident 7"));
  ASSERT_TRUE(glass.Active());
  EXPECT_EQ("incident 7", glass.Active()->reason);
  clock_.Advance(minutes(29));
  EXPECT_TRUE(glass.Active());
  clock_.Advance(minutes(1));
  EXPECT_FALSE(glass.Active());
  ASSERT_TRUE(glass.Open(minutes(30), "again"));
  ASSERT_TRUE(glass.Close());
  EXPECT_FALSE(glass.Active());
  EXPECT_FALSE(BreakGlass(folder_, clock_).Active()) << "a restart does not bring it back";
}

TEST_F(BreakGlassTest, AClockSetBackDoesNotProlongIt) {
  BreakGlass glass(folder_, clock_);
  ASSERT_TRUE(glass.Open(minutes(30), "incident"));
  clock_.SetWall(clock_.Now() - std::chrono::hours(5));
  clock_.Advance(minutes(31));
  EXPECT_FALSE(glass.Active());
}

TEST_F(BreakGlassTest, SurvivesARestartButNotItsTime) {
  ASSERT_TRUE(BreakGlass(folder_, clock_).Open(minutes(30), "incident"));
  clock_.Advance(minutes(10));
  const BreakGlass second(folder_, clock_);
  EXPECT_TRUE(second.Active());
  clock_.Advance(minutes(20));
  EXPECT_FALSE(second.Active());
  EXPECT_FALSE(BreakGlass(folder_, clock_).Active());
}

TEST_F(BreakGlassTest, WhatCannotBeReadOrIsTooLongIsNotOpen) {
  const std::string file = folder_ + "/break-glass.json";
  for (const std::string text : {"", "{}", "{\"until\":\"soon\",\"reason\":\"x\"}",
                                 "{\"until\":\"2026-11-25T12:00:00Z\",\"reason\":\"three days\"}"}) {
    std::ofstream(file) << text;
    EXPECT_FALSE(BreakGlass(folder_, clock_).Active()) << text;
  }
  BreakGlass glass(folder_, clock_);
  EXPECT_FALSE(glass.Open(limits::kBreakGlassMost + minutes(1), "x").ok());
  EXPECT_FALSE(glass.Open(std::chrono::seconds(0), "x").ok());
  EXPECT_FALSE(glass.Open(minutes(1), "").ok());
  EXPECT_FALSE(glass.Open(minutes(1), std::string(limits::kBreakGlassReason + 1, 'x')).ok());
  EXPECT_FALSE(BreakGlass("", clock_).Open(minutes(1), "x").ok()) << "it could not survive a restart";
  EXPECT_FALSE(glass.Active());
}

// The policy that decisions are made by is in audit mode meanwhile, and the one that was read again afterwards.
TEST_F(BreakGlassTest, PutsThePolicyInForceIntoAuditMode) {
  metrics::Metrics metrics;
  BreakGlass glass(folder_, clock_);
  const std::string file = folder_ + "/policy.yaml";
  PolicySource source(
      file, std::nullopt, metrics, clock_, [](const Result<gate::SnapshotPtr>&) {}, &glass);
  EXPECT_EQ(nullptr, source.Get());
  ASSERT_TRUE(glass.Open(minutes(30), "incident"));
  ASSERT_NE(nullptr, source.Get()) << "also where no policy could be read";
  EXPECT_EQ(policy::Mode::kAudit, source.Get()->policy.mode);
  std::ofstream(file) << "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: p}\nrules:\n"
                         "  - {name: a, match: {images: [\"reg.io/*\"]}, mode: deny}\n";
  ASSERT_TRUE(source.Reload());
  EXPECT_EQ("p", source.Get()->policy.name);
  EXPECT_EQ(policy::Mode::kAudit, source.Get()->policy.mode);
  EXPECT_TRUE(source.Get()->break_glass);
  EXPECT_EQ(policy::Mode::kEnforce, source.Loaded()->policy.mode);
  clock_.Advance(minutes(30));
  EXPECT_EQ(policy::Mode::kEnforce, source.Get()->policy.mode);
  EXPECT_FALSE(source.Get()->break_glass);
}

}  // namespace
}  // namespace pullseal::daemon
