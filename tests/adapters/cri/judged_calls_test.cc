// SPDX-License-Identifier: Apache-2.0
// What holds for every judged call, whatever it is about.
#include "adapters/cri/describe.h"
#include "adapters/cri/judged_calls_fixture.h"
#include "adapters/cri/limits.h"

namespace pullseal::cri {
namespace {

TEST_F(JudgedCallsTest, UnknownFieldsSurviveAreCountedAndCanBeRefused) {
  const std::string unknown("\xfa\x7f\x03new", 6);  // field 2047, length-delimited
  const std::string bytes = CreateRequest(id_).SerializeAsString() + unknown;
  const Ruling ruling = NewCreate()->Before(bytes, Deadline());
  ASSERT_EQ("forward", Slug(ruling));
  EXPECT_NE(std::string::npos, std::get<Forward>(ruling).message.find("new"));
  EXPECT_EQ(1, reports_.unknown);
  settings_.deny_unknown_fields = true;
  Make();
  EXPECT_EQ("request-malformed", Slug(NewCreate()->Before(bytes, Deadline())));
  EXPECT_EQ("request-malformed",
            Slug(New("/runtime.v1.ImageService/PullImage")
                     ->Before(PullRequest("reg.io/app:1").SerializeAsString() + unknown, Deadline())));
  EXPECT_EQ("request-malformed",
            Slug(New("/runtime.v1.RuntimeService/StartContainer")->Before("\x0a\x01x" + unknown, Deadline())));
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
}

TEST_F(JudgedCallsTest, MessagesThatDoNotParseAreRefused) {
  for (const char* path : {"/runtime.v1.ImageService/PullImage", "/runtime.v1.RuntimeService/CreateContainer",
                           "/runtime.v1.RuntimeService/StartContainer", "/runtime.v1.RuntimeService/RunPodSandbox"}) {
    for (const std::string& bytes :
         {std::string("\xff"), std::string("\x0a\x05x"), std::string("\x0a\x02\xc0\x80", 4)}) {
      EXPECT_EQ("forward" == Slug(New(path)->Before(bytes, Deadline())), false) << path;
    }
  }
}

TEST_F(JudgedCallsTest, RuntimeThatIsAwayIsCouldNotDecide) {
  runtime_.away = true;
  EXPECT_EQ("runtime-unreachable", Create(CreateRequest(id_)));
  EXPECT_EQ("runtime-unreachable", Start());
  v1::RunPodSandboxRequest request;
  request.mutable_config()->mutable_metadata()->set_namespace_("default");
  EXPECT_EQ("runtime-unreachable",
            Slug(New("/runtime.v1.RuntimeService/RunPodSandbox")->Before(request.SerializeAsString(), Deadline())));
}

// The policy can go into audit mode between the moment a call is held and the moment it is judged.
TEST_F(JudgedCallsTest, CallsHeldWhileThePolicyGoesIntoAuditModeGoOn) {
  gate::Snapshot audit = *snapshot_;
  audit.policy.mode = policy::Mode::kAudit;
  snapshot_ = std::make_shared<const gate::Snapshot>(std::move(audit));
  for (const bool away : {true, false}) {
    runtime_.away = away;
    EXPECT_EQ("forward", Start()) << "also what is not there: the runtime says so itself";
    EXPECT_EQ("forward", Slug(Pull(PullRequest("other.io/x"))));
    v1::RunPodSandboxRequest request;
    request.mutable_config()->mutable_metadata()->set_namespace_("default");
    EXPECT_EQ("forward",
              Slug(New("/runtime.v1.RuntimeService/RunPodSandbox")->Before(request.SerializeAsString(), Deadline())));
  }
}

// Every answer of ours is recorded, with what could be read of the request.
TEST_F(JudgedCallsTest, EveryRefusalIsRecordedWithPodAndImage) {
  const auto last = [&] { return reports_.events.back(); };
  for (const char* path : {"/runtime.v1.ImageService/PullImage", "/runtime.v1.RuntimeService/CreateContainer",
                           "/runtime.v1.RuntimeService/StartContainer", "/runtime.v1.RuntimeService/RunPodSandbox"}) {
    const std::size_t before = reports_.lines.size();
    const Ruling ruling = New(path)->Before("\xff", Deadline());
    EXPECT_EQ(relay::GrpcCode::kInvalidArgument, std::get<GrpcStatus>(ruling).code);
    ASSERT_EQ(before + 1, reports_.lines.size()) << path;
    EXPECT_TRUE(reports_.lines.back().ends_with(" request-malformed")) << reports_.lines.back();
  }
  const std::string pull = PullRequest("reg.io/app:1").SerializeAsString();
  (void)New("/runtime.v1.ImageService/PullImage")->Before(pull + "\xff", Deadline());
  EXPECT_EQ("reg.io/app:1", last().image);
  EXPECT_EQ("default", last().pod_namespace);
  const Method& method = *FindMethod("/runtime.v1.ImageService/PullImage");
  EXPECT_NE(std::string::npos, calls_->Overloaded(method, pull).message.find("reg.io/app:1: overloaded: "));
  EXPECT_EQ("pull overloaded", reports_.lines.back());
  EXPECT_EQ("default", last().pod_namespace);
  (void)calls_->Malformed(method, "cut short", std::string_view(pull).substr(0, pull.size() - 3));
  EXPECT_EQ("pull request-malformed", reports_.lines.back());
  EXPECT_EQ("reg.io/app:1", last().image);
}

TEST_F(JudgedCallsTest, WhatIsNotThereIsRecordedAndNotFound) {
  const auto answer = [&](const v1::CreateContainerRequest& request) {
    return std::get<GrpcStatus>(NewCreate()->Before(request.SerializeAsString(), Deadline()));
  };
  EXPECT_EQ(relay::GrpcCode::kNotFound, answer(CreateRequest("reg.io/not/here:1", "reg.io/not/here:1")).code);
  EXPECT_EQ("create not-on-node", reports_.lines.back());
  EXPECT_EQ("reg.io/not/here:1", reports_.events.back().image);
  const std::string gone = "sha256:" + std::string(64, 'd');
  EXPECT_EQ(relay::GrpcCode::kNotFound, answer(CreateRequest(gone)).code);
  auto request = CreateRequest(id_);
  request.set_pod_sandbox_id("gone");
  EXPECT_EQ(relay::GrpcCode::kNotFound, answer(request).code);
  EXPECT_EQ("create not-on-node", reports_.lines.back());
  EXPECT_EQ("not-on-node", Start());
  EXPECT_EQ("start not-on-node", reports_.lines.back());
}

TEST_F(JudgedCallsTest, AStepThatFailedIsRecorded) {
  const auto call = NewCreate();
  (void)call->Before(CreateRequest(id_).SerializeAsString(), Deadline());
  const GrpcStatus answer = call->Failed("no memory");
  EXPECT_EQ("decision-failed", Slug(answer));
  EXPECT_EQ("create decision-failed", reports_.lines.back());
  EXPECT_EQ("reg.io/app:1", reports_.events.back().image);
  EXPECT_EQ("decision-failed", Slug(NewCreate()->Failed("before it began")));
}

// Broken and cut bytes give what there is; nothing is read twice as something else.
TEST(DescribeTest, ReadsWhatThereIs) {
  gate::Event event;
  DescribeRequest(MethodKind::kPull, std::string_view("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12), event);
  EXPECT_EQ("", event.image);
  DescribeRequest(MethodKind::kPull, std::string_view("\x0a\x7f\x0a\x7fhalf", 8), event);
  EXPECT_EQ("half", event.image);
  std::string many;
  for (std::size_t i = 0; i < 2 * limits::kDescribedFields; ++i) many += std::string("\x10\x01", 2);
  DescribeRequest(MethodKind::kPull, many + "\x0a\x03\x0a\x01x", event);
  EXPECT_EQ("", event.image) << "bounded";
}

TEST_F(JudgedCallsTest, CheckpointCallsFollowTheConfig) {
  const Method& checkpoint = *FindMethod("/runtime.v1.RuntimeService/CheckpointContainer");
  const Method& restore = *FindMethod("/runtime.v1.RuntimeService/RestorePod");
  EXPECT_EQ(Handling::kPass, calls_->HandlingOf(checkpoint));
  EXPECT_EQ(Handling::kHold, calls_->HandlingOf(restore));
  EXPECT_EQ("checkpoint-refused", Slug(calls_->New(restore)->Before("", Deadline())));
  settings_.deny_checkpoint = true;
  Make();
  EXPECT_EQ(Handling::kHold, calls_->HandlingOf(checkpoint));
  EXPECT_EQ("checkpoint-refused", Slug(calls_->New(checkpoint)->Before("", Deadline())));
}

TEST_F(JudgedCallsTest, WithoutAPolicyEverythingJudgedIsRefused) {
  snapshot_.reset();
  EXPECT_EQ("policy-unavailable", Create(CreateRequest(id_)));
  EXPECT_EQ("policy-unavailable", Start());
  EXPECT_EQ("policy-unavailable", Slug(Pull(PullRequest("reg.io/app:1"))));
}

// Near misses, other versions of the CRI and containerd's own services are not ours to forward.
TEST(MethodsTest, OnlyExactPathsAreKnown) {
  ASSERT_NE(nullptr, FindMethod("/runtime.v1.ImageService/PullImage"));
  EXPECT_EQ(MethodKind::kPull, KindOf(*FindMethod("/runtime.v1.ImageService/PullImage")));
  EXPECT_TRUE(FindMethod("/runtime.v1.RuntimeService/CreateContainer")->judged);
  EXPECT_FALSE(FindMethod("/runtime.v1.RuntimeService/Version")->judged);
  for (const char* path :
       {"", "/", "/containerd.services.images.v1.Images/List", "/runtime.v1alpha2.ImageService/PullImage",
        "/runtime.v1.RuntimeService/Version/", "/runtime.v1.RuntimeService/Version?x",
        "/runtime.v1.runtimeservice/Version", "/runtime.v1.RuntimeService/PullImage"}) {
    EXPECT_EQ(nullptr, FindMethod(path)) << path;
  }
}

}  // namespace
}  // namespace pullseal::cri
