// SPDX-License-Identifier: Apache-2.0
#include "adapters/relay/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>

namespace pullseal::relay {
namespace {

// Pulls that a registry holds up leave room for what needs no registry.
TEST(WorkerPoolTest, PullsNeverTakeTheLastThreads) {
  std::promise<void> registry;
  const auto answers = registry.get_future().share();
  std::atomic<int> pulling{0};
  std::atomic<int> pulled{0};
  std::promise<void> created;
  {
    WorkerPool pool(4, 100);
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(pool.Submit(
          [&, answers] {
            ++pulling;
            answers.wait();
            ++pulled;
          },
          Turn::kPull));
    }
    ASSERT_TRUE(pool.Submit([&created] { created.set_value(); }, Turn::kUsual));
    EXPECT_EQ(std::future_status::ready, created.get_future().wait_for(std::chrono::seconds(10)));
    EXPECT_GE(3, pulling);
    registry.set_value();
    for (int i = 0; i < 1000 && pulled < 10; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(10, pulled) << "all have their turn";
}

TEST(WorkerPoolTest, OneThreadPullsToo) {
  std::promise<void> done;
  WorkerPool pool(1, 1);
  ASSERT_TRUE(pool.Submit([&done] { done.set_value(); }, Turn::kPull));
  EXPECT_EQ(std::future_status::ready, done.get_future().wait_for(std::chrono::seconds(10)));
}

TEST(WorkerPoolTest, TheQueueIsBounded) {
  std::promise<void> go;
  const auto wait = go.get_future().share();
  std::promise<void> running;
  WorkerPool pool(1, 2);
  ASSERT_TRUE(pool.Submit(
      [&running, wait] {
        running.set_value();
        wait.wait();
      },
      Turn::kUsual));
  running.get_future().wait();
  EXPECT_TRUE(pool.Submit([] {}, Turn::kPull));
  EXPECT_TRUE(pool.Submit([] {}, Turn::kUsual));
  EXPECT_FALSE(pool.Submit([] {}, Turn::kUsual));
  EXPECT_FALSE(pool.Submit([] {}, Turn::kPull));
  EXPECT_TRUE(pool.Submit([] {}, Turn::kFirst));
  go.set_value();
}

}  // namespace
}  // namespace pullseal::relay
