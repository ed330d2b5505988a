// SPDX-License-Identifier: Apache-2.0
// CreateContainer and StartContainer over a runtime and a registry in memory.
#include "adapters/cri/judged_calls_fixture.h"
#include "gate/admission/container_judge.h"

namespace pullseal::cri {
namespace {

TEST_F(JudgedCallsTest, CreateIsForwardedWithTheFullId) {
  runtime_.images[id_.substr(7, 5)] = runtime_.images[id_];
  const Ruling ruling = NewCreate()->Before(CreateRequest(id_.substr(7, 5)).SerializeAsString(), Deadline());
  ASSERT_EQ("forward", Slug(ruling));
  v1::CreateContainerRequest forwarded;
  ASSERT_TRUE(forwarded.ParseFromString(std::get<Forward>(ruling).message));
  EXPECT_EQ(id_, forwarded.config().image().image());
}

TEST_F(JudgedCallsTest, RepeatedSubmessagesAreOneToUsAndToTheRuntime) {
  // config { image { image: good } } followed by config { image { image: evil } }: the last one counts for both.
  const std::string evil = runtime_.AddImage("reg.io/evil:1", kOtherLayer);
  v1::CreateContainerRequest second;
  second.mutable_config()->mutable_image()->set_image(evil);
  const std::string bytes = CreateRequest(id_).SerializeAsString() + second.SerializeAsString();
  EXPECT_EQ("image-name-mismatch", Slug(NewCreate()->Before(bytes, Deadline())));
  second.mutable_config()->mutable_image()->set_user_specified_image("reg.io/evil:1");
  EXPECT_EQ("signature-missing",
            Slug(NewCreate()->Before(CreateRequest(id_).SerializeAsString() + second.SerializeAsString(), Deadline())));
}

TEST_F(JudgedCallsTest, AContainerOnOtherContentIsRemovedAndRefused) {
  EXPECT_EQ("released", CreateOn(kLayer));
  EXPECT_TRUE(runtime_.removed.empty());
  EXPECT_EQ("image-link-unproven", CreateOn(kOtherLayer));
  EXPECT_EQ(std::vector<std::string>{kContainer}, runtime_.removed);
  EXPECT_EQ("image-link-unproven", CreateOn(""));
}

TEST_F(JudgedCallsTest, AContainerThatCannotBeComparedIsRefused) {
  const auto call = NewCreate();
  ASSERT_EQ("forward", Slug(call->Before(CreateRequest(id_).SerializeAsString(), Deadline())));
  v1::CreateContainerResponse response;
  response.set_container_id(kContainer);
  EXPECT_EQ("runtime-unreachable", Slug(*call->After(response.SerializeAsString(), Deadline())));
  EXPECT_EQ("image-link-unproven", Slug(*call->After("", Deadline())));
}

TEST_F(JudgedCallsTest, StartComparesAgainWithoutMemory) {
  runtime_.containers[kContainer] =
      runtime::Container{kContainer, "overlayfs", kLayer, id_, "pod", "reg.io/app:1", "c"};
  EXPECT_EQ("forward", Start());
  EXPECT_EQ("forward", Start(kContainer.substr(0, 8)));
  runtime_.containers[kContainer].snapshot_parent = kOtherLayer;
  EXPECT_EQ("image-link-unproven", Start());
  runtime_.containers[kContainer].image_id.clear();
  EXPECT_EQ("image-link-unproven", Start());
  EXPECT_EQ("not-on-node", Start(std::string(64, 'b')));
}

TEST_F(JudgedCallsTest, StoreThatLiesIsUnproven) {
  const std::string evil = runtime_.AddImage("reg.io/evil:1", kOtherLayer);
  // The content store gives other bytes for the signed manifest's digest.
  const std::string digest = runtime_.ManifestOf("reg.io/app:1");
  runtime_.content[digest] = runtime_.content[runtime_.ManifestOf("reg.io/evil:1")];
  EXPECT_EQ("image-link-unproven", Create(CreateRequest(id_)));
}

TEST_F(JudgedCallsTest, AConfigThatIsNotTheIdIsUnproven) {
  runtime_.content[id_] = R"({"rootfs":{"diff_ids":[]}})";
  EXPECT_EQ("image-link-unproven", Create(CreateRequest(id_)));
}

TEST_F(JudgedCallsTest, ARecordThatLeadsElsewhereDoesNotLendItsName) {
  const std::string evil = runtime_.AddImage("reg.io/evil:1", kOtherLayer);
  runtime_.images[evil].repo_tags.push_back("reg.io/app:1");  // a stale or lying list
  EXPECT_EQ("image-name-mismatch", Create(CreateRequest(evil, "reg.io/app:1")));
}

// containerd 2.1 to 2.3 open an image string as a checkpoint archive before they look for an image of that name.
TEST_F(JudgedCallsTest, ImagesGivenAsPathsAreCheckpoints) {
  for (const char* path : {"/var/x.tar", "./x", "../x", "x.tar", "x.tar.gz"}) {
    runtime_.images[path] = runtime_.images[id_];
    EXPECT_EQ("checkpoint-refused", Create(CreateRequest(path))) << path;
    auto volume = CreateRequest(id_);
    volume.mutable_config()->add_mounts()->mutable_image()->set_image(path);
    EXPECT_EQ("checkpoint-refused", Create(volume)) << path;
  }
}

// Where nobody says what the image is called, the container tells by which record it was created.
TEST_F(JudgedCallsTest, AContainerOfNoNameIsJudgedByTheRecordItWasCreatedFrom) {
  for (const auto& [record, expected] : {std::pair<std::string, std::string>{"reg.io/app:1", "released"},
                                         {"other.io/x:1", "image-name-mismatch"},
                                         {id_, "runtime-unreachable"},
                                         {"", "runtime-unreachable"}}) {
    runtime_.removed.clear();
    const auto call = NewCreate();
    ASSERT_EQ("forward", Slug(call->Before(CreateRequest(id_, "").SerializeAsString(), Deadline())));
    runtime_.containers[kContainer] =
        runtime::Container{kContainer, "overlayfs", kLayer, id_, "pod", "", "c", record, false};
    v1::CreateContainerResponse response;
    response.set_container_id(kContainer);
    const auto answer = call->After(response.SerializeAsString(), Deadline());
    EXPECT_EQ(expected, answer ? Slug(*answer) : "released") << record;
    EXPECT_EQ(expected == "released", runtime_.removed.empty()) << record;
    EXPECT_EQ(expected == "released" ? "create signed" : "create " + expected, reports_.lines.back());
  }
}

TEST_F(JudgedCallsTest, ARestoredContainerIsRefused) {
  const auto call = NewCreate();
  ASSERT_EQ("forward", Slug(call->Before(CreateRequest(id_).SerializeAsString(), Deadline())));
  runtime_.containers[kContainer] =
      runtime::Container{kContainer, "overlayfs", kLayer, id_, "pod", "reg.io/app:1", "c", "", true};
  v1::CreateContainerResponse response;
  response.set_container_id(kContainer);
  EXPECT_EQ("checkpoint-refused", Slug(*call->After(response.SerializeAsString(), Deadline())));
  EXPECT_EQ(std::vector<std::string>{kContainer}, runtime_.removed);
  EXPECT_EQ("checkpoint-refused", Start());
}

TEST_F(JudgedCallsTest, ThePodIsTheOneTheSandboxWasCreatedFor) {
  const std::string evil = runtime_.AddImage("reg.io/evil:1", kOtherLayer);
  auto request = CreateRequest(evil, "reg.io/evil:1");
  request.mutable_sandbox_config()->mutable_metadata()->set_namespace_("lax");
  EXPECT_EQ("signature-missing", Create(request));
  EXPECT_EQ("default", reports_.namespaces.back());
}

TEST_F(JudgedCallsTest, NamespacesAreComparedAndNeverUsedOtherwise) {
  for (const std::string& space :
       {std::string("../../etc"), std::string(5000, 'n'), std::string(), std::string("lax\n"), std::string("LAX")}) {
    runtime_.sandboxes["pod"].pod_namespace = space;
    EXPECT_NE("forward", Create(CreateRequest(id_))) << space.substr(0, 20);
  }
  auto request = CreateRequest(id_);
  request.set_pod_sandbox_id("laxpod");
  EXPECT_EQ("provenance-unproven", Create(request));
  clock_.Advance(std::chrono::seconds(31));
  Publish("reg.io/app:1");
  EXPECT_EQ("forward", Create(request));
}

// A signed index proves the image that is in it, and no other that is said to be of it.
TEST_F(JudgedCallsTest, AnIndexsChildMustBeTheImage) {
  const std::string evil = runtime_.AddImage("reg.io/app:evil", kOtherLayer);
  const std::string index = fakes::ImageIndex({{runtime_.ManifestOf("reg.io/app:1"), "amd64"}});
  const std::string digest = oci::Digest::Of(AsBytes(index)).text();
  runtime_.content[digest] = index;
  Sign("app", digest);
  runtime_.records["reg.io/app:1"] = digest;
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
  runtime_.records["reg.io/app:evil"] = digest;
  runtime_.records[evil] = digest;
  EXPECT_NE("forward", Create(CreateRequest(evil)));
}

TEST_F(JudgedCallsTest, ContainersThatCameThroughAreTold) {
  EXPECT_EQ("released", CreateOn(kLayer));
  EXPECT_EQ(std::vector<std::string>{kContainer}, created_);
}

// What runs is judged as it would be now: a policy that has changed since refuses it, and nothing is recorded.
TEST_F(JudgedCallsTest, WhatRunsIsJudgedByTodaysPolicy) {
  EXPECT_EQ("released", CreateOn(kLayer));
  const std::size_t recorded = reports_.lines.size();
  std::vector<Reason> reasons;
  const auto judge = [&] {
    reasons.clear();
    EXPECT_TRUE(admission::JudgeRunning(services_, snapshot_, [&](const admission::Running& one) {
                  reasons.push_back(one.settled.decision.reason);
                  EXPECT_EQ(kContainer, one.container.id);
                  EXPECT_EQ("default", one.event.pod_namespace);
                  return true;
                }).ok());
  };
  judge();
  EXPECT_EQ(std::vector<Reason>{Reason::kSigned}, reasons);
  UsePolicy("rules:\n  - {name: none, match: {images: [\"reg.io/*\"]}, mode: deny}\n");
  judge();
  EXPECT_EQ(std::vector<Reason>{Reason::kRuleDenies}, reasons);
  EXPECT_EQ(recorded, reports_.lines.size());
  runtime_.away = true;
  EXPECT_FALSE(admission::JudgeRunning(services_, snapshot_, [](const admission::Running&) { return true; }).ok());
}

}  // namespace
}  // namespace pullseal::cri
