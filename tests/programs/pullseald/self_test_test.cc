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

class NoCalls final : public cri::JudgedCalls {
 public:
  cri::Handling HandlingOf(const cri::Method&) const override { return cri::Handling::kPass; }
  std::shared_ptr<cri::JudgedCall> New(const cri::Method&) override { return nullptr; }
  cri::GrpcStatus Overloaded(const cri::Method&) override { return {}; }
  cri::GrpcStatus Malformed(const cri::Method&, const std::string&) override { return {}; }
};

class SelfTestTest : public ::testing::Test {
 protected:
  SelfTestTest() {
    char name[] = "/tmp/pullseal_self_XXXXXX";
    folder_ = ::mkdtemp(name);
    auto listener = Listen(folder_ + "/cri.sock");
    EXPECT_TRUE(listener.ok());
    cri::RelayOptions options;
    options.runtime_socket = folder_ + "/none.sock";
    options.workers = 1;
    relay_ =
        std::make_unique<cri::Relay>(std::move(*listener), options, calls_, [](std::string_view, std::string_view) {});
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
  std::unique_ptr<cri::Relay> relay_;
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
      cri::Turn::kUsual));
  stuck.get_future().wait();
  EXPECT_EQ("no worker came to it", RunSelfTest(*relay_, clock_, milliseconds(300), stopping_));
  release.set_value();
  EXPECT_EQ("", RunSelfTest(*relay_, clock_, milliseconds(10'000), stopping_));
}

TEST_F(SelfTestTest, EndsAtOnceWhereTheDaemonStops) {
  stopping_ = true;
  EXPECT_EQ("", RunSelfTest(*relay_, clock_, std::chrono::hours(1), stopping_));
}

}  // namespace
}  // namespace pullseal::daemon
