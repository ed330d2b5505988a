// SPDX-License-Identifier: Apache-2.0
// The taint goes only from the node it is about, and nothing else of the node changes.
#include "node/agent/taint.h"

#include <gtest/gtest.h>

#include "fakes/fake_clock.h"
#include "node/agent/limits.h"

namespace pullseal::agent {
namespace {

class FakeApi final : public http::Http {
 public:
  std::string node =
      R"({"spec":{"taints":[{"key":"a","value":"1","effect":"NoSchedule"},{"key":"pullseal.dev/not-proven","effect":"NoSchedule"}]}})";
  long get = 200;
  long patch = 200;
  std::vector<http::HttpRequest> requests;

  Result<http::HttpResponse> Do(const http::HttpRequest& request) override {
    requests.push_back(request);
    http::HttpResponse out;
    out.status = request.method == "GET" ? get : patch;
    out.body = request.method == "GET" ? node : "{}";
    return out;
  }
};

class TaintTest : public ::testing::Test {
 protected:
  Result<bool> Lift(const std::string& name = "node-1") {
    return LiftTaint(api_, ApiServer{"https://10.0.0.1:443", Secret("token"), ""}, name, "pullseal.dev/not-proven",
                     clock_);
  }
  FakeApi api_;
  fakes::FakeClock clock_;
};

TEST_F(TaintTest, OnlyOursGoesAndOnlyIfNobodyChangedThemMeanwhile) {
  ASSERT_TRUE(Lift().ok());
  ASSERT_EQ(2u, api_.requests.size());
  const http::HttpRequest& patch = api_.requests[1];
  EXPECT_EQ("PATCH", patch.method);
  EXPECT_EQ("https://10.0.0.1:443/api/v1/nodes/node-1", patch.url.Text());
  EXPECT_EQ("Bearer token", patch.authorization.text());
  EXPECT_EQ(
      R"([{"op":"test","path":"/spec/taints","value":[{"key":"a","value":"1","effect":"NoSchedule"},{"key":"pullseal.dev/not-proven","effect":"NoSchedule"}]},)"
      R"({"op":"replace","path":"/spec/taints","value":[{"key":"a","value":"1","effect":"NoSchedule"}]}])",
      patch.body.text());
}

TEST_F(TaintTest, ANodeWithoutItIsLeftAlone) {
  for (const char* node :
       {"{}", R"({"spec":{}})", R"({"spec":{"taints":[]}})", R"({"spec":{"taints":[{"key":"a"}]}})"}) {
    api_.node = node;
    api_.requests.clear();
    const auto lifted = Lift();
    ASSERT_TRUE(lifted.ok());
    EXPECT_FALSE(*lifted);
    EXPECT_EQ(1u, api_.requests.size()) << node;
  }
}

TEST_F(TaintTest, WhatGoesWrongIsAnErrorAndNoSuccess) {
  api_.patch = 409;  // somebody changed the taints in between
  EXPECT_FALSE(Lift().ok());
  api_.get = 403;
  EXPECT_FALSE(Lift().ok());
  api_.get = 200;
  api_.node = "<html>";
  EXPECT_FALSE(Lift().ok());
  api_.requests.clear();
  for (const char* name : {"", "a/b", "../x", "Node", "a b", "a?b"}) EXPECT_FALSE(Lift(name).ok()) << name;
  EXPECT_TRUE(api_.requests.empty());
}

TEST_F(TaintTest, ATaintThatComesBackIsLiftedAgain) {
  int asked = 0;
  Result<bool> answer = true;
  TaintWatch watch(
      [&] {
        ++asked;
        return answer;
      },
      clock_);
  EXPECT_FALSE(watch.Round(false));  // not proven: nothing is asked
  EXPECT_EQ(0, asked);
  ASSERT_TRUE(watch.Round(true));
  EXPECT_FALSE(watch.Round(true));  // not again within the round
  EXPECT_EQ(1, asked);
  answer = false;
  clock_.Advance(limits::kTaintRound);
  EXPECT_FALSE(watch.Round(true));  // asked again; that it is gone was said when it was lifted
  EXPECT_EQ(2, asked);
  answer = true;
  clock_.Advance(limits::kTaintRound);
  const auto again = watch.Round(true);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->ok() && **again);
}

TEST_F(TaintTest, AnErrorIsToldOnceAndTriedAgain) {
  int asked = 0;
  TaintWatch watch(
      [&]() -> Result<bool> {
        ++asked;
        return Error{ErrorCode::kUnauthorized, "403"};
      },
      clock_);
  const auto first = watch.Round(true);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->ok());
  clock_.Advance(limits::kTaintRound);
  EXPECT_FALSE(watch.Round(true));
  EXPECT_EQ(2, asked);
}

}  // namespace
}  // namespace pullseal::agent
