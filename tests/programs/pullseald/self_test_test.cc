// SPDX-License-Identifier: Apache-2.0
// The watchdog is fed only when a question goes all the way.
#include "programs/pullseald/self_test.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <thread>

#include "core/base/unix_listen.h"

namespace pullseal::daemon {
namespace {

using std::chrono::milliseconds;

class NoCalls final : public relay::JudgedCalls {
 public:
  const relay::Method* Find(std::string_view) const override { return nullptr; }
  relay::Handling HandlingOf(const relay::Method&) const override { return relay::Handling::kPass; }
  std::shared_ptr<relay::JudgedCall> New(const relay::Method&) override { return nullptr; }
  relay::GrpcStatus Overloaded(const relay::Method&, std::string_view) override { return {}; }
  relay::GrpcStatus Malformed(const relay::Method&, const std::string&, std::string_view) override { return {}; }
};

class SelfTestTest : public ::testing::Test {
 protected:
  SelfTestTest() {
    char name[] = "/tmp/pullseal_self_XXXXXX";
    folder_ = ::mkdtemp(name);
    auto listener = Listen(folder_ + "/cri.sock");
    EXPECT_TRUE(listener.ok());
    relay::RelayOptions options;
    options.runtime_socket = folder_ + "/none.sock";
    options.workers = 1;
    relay_ = std::make_unique<relay::Relay>(std::move(*listener), options, calls_,
                                            [](std::string_view, std::string_view) {});
  }
  ~SelfTestTest() override {
    if (thread_.joinable()) {
      relay_->Stop();
      thread_.join();
    }
    relay_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Run() {
    thread_ = std::thread([this] { relay_->Run(); });
  }

  std::string folder_;
  NoCalls calls_;
  SystemClock clock_;
  std::atomic<bool> stopping_{false};
  std::unique_ptr<relay::Relay> relay_;
  std::thread thread_;
};

TEST_F(SelfTestTest, IsGoodWhereEverythingRuns) {
  Run();
  EXPECT_EQ("", RunSelfTest(*relay_, clock_, milliseconds(10'000), stopping_));
}

TEST_F(SelfTestTest, ARelayThatDoesNotRunIsTold) {
  EXPECT_EQ("the relay's thread does not run", RunSelfTest(*relay_, clock_, milliseconds(50), stopping_));
}

TEST_F(SelfTestTest, WorkersThatAreStuckAreTold) {
  Run();
  std::promise<void> release;
  std::promise<void> stuck;
  ASSERT_TRUE(relay_->workers().Submit(
      [&] {
        stuck.set_value();
        release.get_future().wait();
      },
      relay::Turn::kUsual));
  stuck.get_future().wait();
  // On a busy machine the relay's thread, too, may not have its turn at once.
  std::string told;
  for (int i = 0; i < 100 && told != "no worker came to it"; ++i) {
    told = RunSelfTest(*relay_, clock_, milliseconds(300), stopping_);
    ASSERT_NE("", told);
  }
  EXPECT_EQ("no worker came to it", told);
  release.set_value();
  EXPECT_EQ("", RunSelfTest(*relay_, clock_, milliseconds(10'000), stopping_));
}

TEST_F(SelfTestTest, EndsAtOnceWhereTheDaemonStops) {
  stopping_ = true;
  EXPECT_EQ("", RunSelfTest(*relay_, clock_, std::chrono::hours(1), stopping_));
}

}  // namespace
}  // namespace pullseal::daemon
