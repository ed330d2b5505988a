// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/created_containers.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fakes/fake_clock.h"
#include "programs/pullseald/limits.h"

namespace pullseal::daemon {
namespace {

using Way = CreatedContainers::Way;

class CreatedContainersTest : public ::testing::Test {
 protected:
  CreatedContainersTest() {
    char name[] = "/tmp/pullseal_created_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~CreatedContainersTest() override { std::filesystem::remove_all(folder_); }
  static std::string Id(char c) { return std::string(64, c); }

  std::string folder_;
  fakes::FakeClock clock_;
};

TEST_F(CreatedContainersTest, KnowsWhatCameThroughAlsoAfterARestart) {
  const WallTime before = clock_.Now() - std::chrono::hours(1);
  {
    CreatedContainers created(folder_, clock_);
    created.Add(Id('a'));
    created.Add("not an ID\n");
  }
  clock_.Advance(std::chrono::hours(2));
  const CreatedContainers again(folder_, clock_);
  EXPECT_EQ(Way::kThrough, again.WayOf(Id('a'), clock_.Now()));
  EXPECT_EQ(Way::kAround, again.WayOf(Id('b'), clock_.Now() - std::chrono::hours(1))) << "after the first start";
  EXPECT_EQ(Way::kBefore, again.WayOf(Id('b'), before)) << "before the first start";
}

TEST_F(CreatedContainersTest, ForgetsWhatRunsNoLongerButNotWhatIsAboutToRun) {
  CreatedContainers created(folder_, clock_);
  created.Add(Id('a'));
  created.Add(Id('b'));
  clock_.Advance(limits::kCreatedLately + std::chrono::seconds(1));
  created.Add(Id('c'));
  created.KeepOnly({Id('a')});
  EXPECT_EQ(Way::kThrough, created.WayOf(Id('a'), clock_.Now()));
  EXPECT_EQ(Way::kAround, created.WayOf(Id('b'), clock_.Now()));
  EXPECT_EQ(Way::kThrough, created.WayOf(Id('c'), clock_.Now()));
  EXPECT_EQ(Way::kThrough, CreatedContainers(folder_, clock_).WayOf(Id('c'), clock_.Now()));
}

TEST_F(CreatedContainersTest, AFileOfJunkIsNoWord) {
  std::ofstream(folder_ + "/containers") << "2999-01-01T00:00:00Z\n" << Id('a') << "\nzz\n" << std::string(70'000, 'b');
  const CreatedContainers created(folder_, clock_);
  EXPECT_EQ(Way::kThrough, created.WayOf(Id('a'), clock_.Now()));
  EXPECT_EQ(Way::kAround, created.WayOf(Id('b'), clock_.Now())) << "a first start in the future does not hide it";
}

}  // namespace
}  // namespace pullseal::daemon
