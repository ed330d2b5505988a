// SPDX-License-Identifier: Apache-2.0
// Creating and starting containers through pullseald on a real node.
#include "e2e/node_fixture.h"

namespace pullseal::lab {
namespace {

TEST_F(NodeTest, PreloadedImagesAreJudgedAtCreate) {
  const Image good = MakeImage("preloaded: good");
  const Image evil = MakeImage("preloaded: evil");
  world().Push("app/preloaded", "good", good, true);  // the registry has its signature
  Import(good, world().Ref("app/preloaded", "good"));
  Import(evil, world().Ref("app/preloaded", "evil"));
  const std::string pod = Pod();
  ExpectRefused(kubelet().Create(pod, evil.config.digest, world().Ref("app/preloaded", "evil"), nullptr),
                "signature-missing");
  ExpectRuns(pod, good.config.digest, world().Ref("app/preloaded", "good"), "preloaded: good");
}

TEST_F(NodeTest, EveryFormOfAnImageIdIsJudged) {
  const Image evil = MakeImage("forms: evil");
  const Image good = MakeImage("forms: good");
  Import(evil, world().Ref("app/forms", "evil"));
  world().Push("app/forms", "good", good, true);
  ASSERT_TRUE(kubelet().Pull(world().Ref("app/forms", "good"), "default").ok());
  const std::string pod = Pod();
  for (const std::string& form : FormsOf(evil, "app/forms", "evil")) {
    std::string id;
    const grpc::Status status = kubelet().Create(pod, form, "", &id);
    EXPECT_FALSE(status.ok()) << "\"" << form << "\" was created as " << id;
  }
  for (const std::string& form : {good.config.digest, good.config.digest.substr(7), good.config.digest.substr(7, 12),
                                  world().Ref("app/forms", "good")}) {
    ExpectRuns(pod, form, "", "forms: good");
  }
}

// An image whose name looks like the beginning of another's ID.
TEST_F(NodeTest, NamesThatLookLikeIdsAreJudgedForWhatTheyResolveTo) {
  const Image good = MakeImage("hex: good");
  const Image evil = MakeImage("hex: evil");
  world().Push("app/hex", "1", good, true);
  ASSERT_TRUE(kubelet().Pull(world().Ref("app/hex", "1"), "default").ok());
  const std::string prefix = good.config.digest.substr(7, 12);
  Import(evil, "docker.io/library/" + prefix + ":latest");
  std::string id;
  const grpc::Status status = kubelet().Create(Pod(), prefix, "", &id);
  if (status.ok()) {
    std::string text;
    ASSERT_TRUE(kubelet().Start(id).ok());
    ASSERT_TRUE(kubelet().Exec(id, {"cat", "/text"}, &text).ok());
    EXPECT_EQ("hex: good", text);
  }
}

TEST_F(NodeTest, ClaimedNameMustBeOneTheStoreHas) {
  const Image image = MakeImage("claimed");
  world().Push("app/claimed", "1", image, true);
  ASSERT_TRUE(kubelet().Pull(world().Ref("app/claimed", "1"), "default").ok());
  ExpectRefused(kubelet().Create(Pod(), image.config.digest, world().Ref("app/other", "1"), nullptr),
                "image-name-mismatch");
}

// Where nobody says what the image is called, the record counts by which containerd created the container.
TEST_F(NodeTest, TheRecordItWasCreatedFromIsJudgedWhereNoNameIsClaimed) {
  const Image image = MakeImage("two names");
  world().Push("app/named", "1", image, true);
  ASSERT_TRUE(kubelet().Pull(world().Ref("app/named", "1"), "default").ok());
  const std::string pod = Pod();
  ExpectRuns(pod, image.config.digest, "", "two names");
  ASSERT_EQ(0,
            world()
                .containerd->Ctr({"images", "tag", world().Ref("app/named", "1"), world().Ref("forbidden/named", "1")})
                .status);
  ASSERT_TRUE(WaitFor([&] { return kubelet().ImageId(world().Ref("forbidden/named", "1")) == image.config.digest; }));
  ExpectRuns(pod, image.config.digest, "", "two names");  // containerd takes the first name by the alphabet
  ExpectRuns(pod, image.config.digest, world().Ref("app/named", "1"), "two names");
  ExpectRefused(kubelet().Create(pod, image.config.digest, world().Ref("forbidden/named", "1"), nullptr),
                "rule-denies");
  const Image evil = MakeImage("no good name");
  Import(evil, world().Ref("forbidden/only", "1"));
  const std::size_t before = world().raw->Containers().size();
  ExpectRefused(kubelet().Create(pod, evil.config.digest, "", nullptr), "rule-denies");
  EXPECT_EQ(before, world().raw->Containers().size()) << "it was removed again";
}

TEST_F(NodeTest, TheSandboxTellsTheNamespaceNotTheRequest) {
  const Image evil = MakeImage("namespaces");
  world().Push("app/namespaces", "1", evil, false);
  ASSERT_TRUE(kubelet().Pull(world().Ref("app/namespaces", "1"), "lax").ok());
  const std::string strict = Pod("default");
  auto request = kubelet().CreateRequest(strict, evil.config.digest, world().Ref("app/namespaces", "1"));
  request.mutable_sandbox_config()->mutable_metadata()->set_namespace_("lax");
  ExpectRefused(kubelet().Create(request, nullptr), "signature-missing");
  ExpectRuns(Pod("lax"), evil.config.digest, world().Ref("app/namespaces", "1"), "namespaces");
}

TEST_F(NodeTest, ImageVolumesAreJudged) {
  const Image base = MakeImage("volume base");
  const Image good = MakeImage("volume: good");
  const Image evil = MakeImage("volume: evil");
  world().Push("app/base", "1", base, true);
  world().Push("app/volume", "good", good, true);
  Import(evil, world().Ref("app/volume", "evil"));
  ASSERT_TRUE(kubelet().Pull(world().Ref("app/base", "1"), "default").ok());
  ASSERT_TRUE(kubelet().Pull(world().Ref("app/volume", "good"), "default").ok());
  const std::string pod = Pod();
  const auto request = [&](const std::string& image, const std::string& claimed) {
    auto out = kubelet().CreateRequest(pod, base.config.digest, world().Ref("app/base", "1"));
    auto& mount = *out.mutable_config()->add_mounts();
    mount.set_container_path("/volume");
    mount.set_readonly(true);
    mount.mutable_image()->set_image(image);
    mount.mutable_image()->set_user_specified_image(claimed);
    return out;
  };
  for (const std::string& form : FormsOf(evil, "app/volume", "evil")) {
    EXPECT_FALSE(kubelet().Create(request(form, ""), nullptr).ok()) << form;
  }
  ExpectRefused(kubelet().Create(request(evil.config.digest, world().Ref("app/volume", "evil")), nullptr),
                "signature-missing");
  // Unsigned behind a signed one.
  auto two = request(good.config.digest, world().Ref("app/volume", "good"));
  *two.mutable_config()->add_mounts() = request(evil.config.digest, "").config().mounts(0);
  EXPECT_FALSE(kubelet().Create(two, nullptr).ok());

  const bool has_volumes = Env("PULLSEAL_CONTAINERD").starts_with("containerd-2");
  std::string id;
  if (has_volumes) {
    const grpc::Status created = kubelet().Create(request(good.config.digest, world().Ref("app/volume", "good")), &id);
    ASSERT_TRUE(created.ok()) << created.error_message();
    ASSERT_TRUE(kubelet().Start(id).ok());
    std::string text;
    ASSERT_TRUE(kubelet().Exec(id, {"cat", "/volume/text"}, &text).ok());
    EXPECT_EQ("volume: good", text);
  }
  // The record that is named by the signed image's ID is made to lead to the unsigned one.
  ASSERT_EQ(0, world()
                   .containerd->Ctr({"images", "tag", "--force", world().Ref("app/volume", "evil"), good.config.digest})
                   .status);
  // What is mounted is the claimed repository's record of the judged digest, wherever the other one leads.
  const grpc::Status again = kubelet().Create(request(good.config.digest, world().Ref("app/volume", "good")), &id);
  EXPECT_EQ(std::string::npos, again.error_message().find("image-link-unproven")) << again.error_message();
  if (!has_volumes) return;
  ASSERT_TRUE(again.ok()) << again.error_message();
  ASSERT_TRUE(kubelet().Start(id).ok());
  std::string text;
  ASSERT_TRUE(kubelet().Exec(id, {"cat", "/volume/text"}, &text).ok());
  EXPECT_EQ("volume: good", text);
}

TEST_F(NodeTest, CheckpointsAreNotRestored) {
  const std::string pod = Pod();
  WriteFile(world().folder.path() + "/checkpoint.tar", "not a checkpoint");
  for (const std::string& path :
       {world().folder.path() + "/checkpoint.tar", std::string("relative/x.tar"), std::string("./x")}) {
    ExpectRefused(kubelet().Create(pod, path, "", nullptr), "checkpoint-refused");
  }
  const Image image = MakeImage("checkpoint", {{"org.criu.checkpoint.container.name", "x"}});
  world().Push("app/checkpoint", "1", image, true);
  ExpectRefused(kubelet().Pull(world().Ref("app/checkpoint", "1"), "default"), "checkpoint-refused");
  ExpectRefused(kubelet().Pull(world().Ref("app/checkpoint", "1"), "lax"), "checkpoint-refused");
  EXPECT_EQ("", kubelet().ImageId(world().Ref("app/checkpoint", "1"))) << "it was taken out of the store again";
  Import(image, world().Ref("app/checkpoint", "1"));
  ExpectRefused(kubelet().Create(pod, image.config.digest, world().Ref("app/checkpoint", "1"), nullptr),
                "checkpoint-refused");
  ExpectRefused(CallRaw("/runtime.v1.RuntimeService/RestorePod"), "checkpoint-refused");
}

// A tenant's manifest with the pause image's config and a checkpoint's annotation: its pull is refused, and where it is
// in the store all the same, no pod and no other container is held up by it.
TEST_F(NodeTest, ATenantsCheckpointOfThePauseImageStopsNoPod) {
  const Image evil = MakeImage("pause", {{"org.criu.checkpoint.container.name", "x"}});
  ASSERT_EQ(world().pause.config.digest, evil.config.digest);
  world().Push("tenant/pause", "1", evil, false);
  ExpectRefused(kubelet().Pull(world().Ref("tenant/pause", "1"), "lax"), "checkpoint-refused");
  for (const char* space : {"default", "lax", "kube-system"}) Pod(space);
  Import(evil, world().Ref("tenant/pause", "1"));
  for (const char* space : {"default", "lax", "kube-system"}) Pod(space);
  EXPECT_EQ(0, world().containerd->Ctr({"images", "rm", world().Ref("tenant/pause", "1")}).status);
  Pod();
}

// More names of the pause image's ID than were once looked at, all of them before its own by the alphabet.
TEST_F(NodeTest, ManyNamesOfATenantStopNoPod) {
  constexpr int kNames = 300;
  const std::string from = world().Ref("infra/pause", "1");
  const auto name = [](int i) { return "aaa.example/x:" + std::to_string(i); };
  std::vector<std::string> tag = {"images", "tag", from};
  std::vector<std::string> remove = {"images", "rm"};
  for (int i = 0; i < kNames; ++i) {
    tag.push_back(name(i));
    remove.push_back(name(i));
  }
  const Output tagged = world().containerd->Ctr(tag);
  ASSERT_EQ(0, tagged.status) << tagged.text;
  ASSERT_TRUE(WaitFor([&] { return kubelet().ImageId(name(kNames - 1)) == world().pause.config.digest; }));
  for (const char* space : {"default", "kube-system"}) Pod(space);
  const Image good = MakeImage("among many");
  world().Push("app/many", "1", good, true);
  ASSERT_TRUE(kubelet().Pull(world().Ref("app/many", "1"), "default").ok());
  tag[2] = world().Ref("app/many", "1");
  for (int i = 0; i < kNames; ++i) tag[3 + static_cast<std::size_t>(i)] = name(i) + "-many";
  ASSERT_EQ(0, world().containerd->Ctr(tag).status);
  ExpectRuns(Pod(), good.config.digest, world().Ref("app/many", "1"), "among many");
  EXPECT_EQ(0, world().containerd->Ctr(remove).status);
}

TEST_F(NodeTest, ContainersCreatedAroundTheProxyAreJudgedAtStart) {
  const Image evil = MakeImage("around: evil");
  const Image good = MakeImage("around: good");
  world().Push("app/around", "good", good, true);
  Import(good, world().Ref("app/around", "good"));
  Import(evil, world().Ref("app/around", "evil"));
  const std::string pod = Pod();
  std::string id;
  ASSERT_TRUE(world().raw->Create(pod, evil.config.digest, world().Ref("app/around", "evil"), &id).ok());
  ExpectRefused(kubelet().Start(id), "signature-missing");
  ExpectRefused(kubelet().Start(id.substr(0, 12)), "signature-missing");
  const grpc::Status created = world().raw->Create(pod, good.config.digest, world().Ref("app/around", "good"), &id);
  ASSERT_TRUE(created.ok()) << created.error_message();
  const grpc::Status started = kubelet().Start(id);
  EXPECT_TRUE(started.ok()) << started.error_message();
}

// A pull in another pod can move a tag's record; containerd's CreateContainer by ID follows the image's first name.
TEST_F(NodeTest, StoreRepointedDuringCreateNeverRunsTheOtherContent) {
  const Image good = MakeImage("race: good");
  const Image evil = MakeImage("race: evil");
  const std::string name = world().Ref("app/race", "1");
  world().Push("app/race", "1", good, true);
  ASSERT_TRUE(kubelet().Pull(name, "default").ok());
  Import(evil, world().Ref("app/race-evil", "1"));
  const std::string pod = Pod();
  std::atomic<bool> stop{false};
  std::thread repointer([&] {
    for (int i = 0; !stop; ++i) Repoint(name, (i % 2 == 0 ? evil : good).manifest);
  });
  const auto runtime = runtime::ConnectRuntime(world().containerd->socket(), "k8s.io");
  int created = 0;
  int caught = 0;
  for (int i = 0; i < 300; ++i) {
    std::string id;
    const grpc::Status status = kubelet().Create(pod, good.config.digest, name, &id);
    if (status.error_message().find("image-link-unproven") != std::string::npos) ++caught;
    if (!status.ok()) continue;
    ++created;
    const auto container = runtime->FindContainer(id, std::chrono::steady_clock::now() + std::chrono::seconds(5));
    ASSERT_TRUE(container.ok());
    EXPECT_EQ(good.layer.digest, container->snapshot_parent);
    EXPECT_TRUE(kubelet().Remove(id).ok());
  }
  stop = true;
  repointer.join();
  Repoint(name, good.manifest);
  std::printf("300 creates under re-pointing: %d created, %d stopped by the comparison\n", created, caught);
  // None of the refused ones was left behind.
  for (const cri::Container& container : world().raw->Containers()) EXPECT_NE(pod, container.pod_sandbox_id());
}

}  // namespace
}  // namespace pullseal::lab
