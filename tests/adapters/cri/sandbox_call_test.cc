// SPDX-License-Identifier: Apache-2.0
// RunPodSandbox over a runtime and a registry in memory.
#include "adapters/cri/judged_calls_fixture.h"

namespace pullseal::cri {
namespace {

TEST_F(JudgedCallsTest, PauseImageIsPulledByItsJudgedDigest) {
  const std::string digest = http_.PutManifest("reg.io", "pause", "1", fakes::ImageManifest(kLayer), fakes::kImageType);
  Sign("pause", digest);
  runtime_.sandbox_image = "reg.io/pause:1";
  v1::RunPodSandboxRequest request;
  request.mutable_config()->mutable_metadata()->set_namespace_("default");
  (void)New("/runtime.v1.RuntimeService/RunPodSandbox")->Before(request.SerializeAsString(), Deadline());
  EXPECT_EQ(std::vector<std::string>{"reg.io/pause@" + digest}, runtime_.pulled);
  EXPECT_EQ(std::vector<std::string>{"reg.io/pause:1"}, runtime_.tagged);
}

// What a runtime that answers could not pull is trouble at the registry; the runtime has told all that was asked.
TEST_F(JudgedCallsTest, APauseImageThatCannotBePulledIsTheRegistrysTrouble) {
  Sign("pause", http_.PutManifest("reg.io", "pause", "1", fakes::ImageManifest(kLayer), fakes::kImageType));
  runtime_.sandbox_image = "reg.io/pause:1";
  v1::RunPodSandboxRequest request;
  request.mutable_config()->mutable_metadata()->set_namespace_("default");
  const auto slug = [&] {
    return Slug(New("/runtime.v1.RuntimeService/RunPodSandbox")->Before(request.SerializeAsString(), Deadline()));
  };
  runtime_.pull_trouble = Error{ErrorCode::kRemote, "failed to resolve image"};
  EXPECT_EQ("registry-error", slug());
  runtime_.pull_trouble = Error{ErrorCode::kUnreachable, "connection refused"};
  EXPECT_EQ("runtime-unreachable", slug());
}

// containerd 2.x tells its pause image nobody: what its version has built in, where no file says otherwise.
TEST_F(JudgedCallsTest, ABuiltInPauseImageIsKnownByTheVersion) {
  v1::RunPodSandboxRequest request;
  request.mutable_config()->mutable_metadata()->set_namespace_("default");
  const auto refusal = [&] {
    const auto call = New("/runtime.v1.RuntimeService/RunPodSandbox");
    return std::get<GrpcStatus>(call->Before(request.SerializeAsString(), Deadline())).message;
  };
  runtime_.version = "2.1.9";
  EXPECT_NE(std::string::npos, refusal().find("registry.k8s.io/pause:3.10:")) << refusal();
  runtime_.version = "2.90.0";
  EXPECT_NE(std::string::npos, refusal().find("runtime-unreachable")) << refusal();
}

TEST_F(JudgedCallsTest, SandboxOnOtherContentIsRemoved) {
  runtime_.AddImage("reg.io/pause:1", kLayer);
  Sign("pause", runtime_.ManifestOf("reg.io/pause:1"));
  runtime_.sandbox_image = "reg.io/pause:1";
  v1::RunPodSandboxRequest request;
  request.mutable_config()->mutable_metadata()->set_namespace_("default");
  const auto call = New("/runtime.v1.RuntimeService/RunPodSandbox");
  ASSERT_EQ("forward", Slug(call->Before(request.SerializeAsString(), Deadline())));
  runtime_.containers["sandbox"] = runtime::Container{"sandbox", "overlayfs", kOtherLayer, "", "", "", ""};
  v1::RunPodSandboxResponse response;
  response.set_pod_sandbox_id("sandbox");
  EXPECT_EQ("image-link-unproven", Slug(*call->After(response.SerializeAsString(), Deadline())));
  EXPECT_EQ(std::vector<std::string>{"sandbox"}, runtime_.removed);
}

// What cannot be compared is not released.
TEST_F(JudgedCallsTest, ASandboxThatAnswersWithoutAnIdIsRefused) {
  runtime_.AddImage("reg.io/pause:1", kLayer);
  Sign("pause", runtime_.ManifestOf("reg.io/pause:1"));
  runtime_.sandbox_image = "reg.io/pause:1";
  v1::RunPodSandboxRequest request;
  request.mutable_config()->mutable_metadata()->set_namespace_("default");
  // Whatever is asked for by an empty name must not stand in for it.
  for (const std::string& answer : {std::string(), std::string("\xff\xff")}) {
    const auto call = New("/runtime.v1.RuntimeService/RunPodSandbox");
    ASSERT_EQ("forward", Slug(call->Before(request.SerializeAsString(), Deadline())));
    runtime_.containers[""] = runtime::Container{"", "overlayfs", kLayer, "", "", "", ""};
    const auto refusal = call->After(answer, Deadline());
    ASSERT_TRUE(refusal) << answer.size();
    EXPECT_EQ("image-link-unproven", Slug(*refusal));
  }
}

}  // namespace
}  // namespace pullseal::cri
