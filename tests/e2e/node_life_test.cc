// SPDX-License-Identifier: Apache-2.0
// Pods, policies, restarts and the rest of a real node's life.
#include "e2e/node_fixture.h"

namespace pullseal::lab {
namespace {

TEST_F(NodeTest, OtherServicesAndMethodsAreUnimplemented) {
  for (const char* path :
       {"/containerd.services.introspection.v1.Introspection/Server", "/containerd.services.images.v1.Images/List",
        "/containerd.services.tasks.v1.Tasks/List", "/runtime.v1alpha2.RuntimeService/Version",
        "/runtime.v1alpha2.ImageService/PullImage", "/grpc.health.v1.Health/Check",
        "/runtime.v1.RuntimeService/Nothing", "/runtime.v1.RuntimeService/version",
        "/runtime.v1.RuntimeService/Version/", "//runtime.v1.RuntimeService/Version",
        "/runtime.v1.ImageService/CreateContainer", "/Version"}) {
    EXPECT_EQ(grpc::StatusCode::UNIMPLEMENTED, CallRaw(path).error_code()) << path;
  }
  EXPECT_TRUE(CallRaw("/runtime.v1.RuntimeService/Version").ok());
}

TEST_F(NodeTest, UnsignedPauseImageIsRefused) {
  std::string policy = world().Policy();
  policy.replace(policy.find("infra/*"), 7, "infra/x");
  world().daemon->SetPolicy(policy);
  std::string id;
  ExpectRefused(kubelet().RunPod("pause", "default", &id), "no-rule");
  policy = world().Policy();
  policy.insert(policy.find("trustRoots:"), "  - {name: other, file: " + world().other.public_key_file() + "}\n");
  policy.replace(policy.find("key: release}"), 13, "key: other}");
  world().daemon->SetPolicy(policy);
  ExpectRefused(kubelet().RunPod("pause", "default", &id), "signature-invalid");
  world().daemon->SetPolicy(world().Policy());
  EXPECT_FALSE(Pod().empty());
}

TEST_F(NodeTest, PauseImageThatWasSwappedInTheStoreIsRefused) {
  const Image evil = MakeImage("pause: evil");
  const std::string name = world().Ref("infra/pause", "1");
  Pod();
  Import(evil, world().Ref("infra/evil", "1"));
  Repoint(name, evil.manifest);
  ASSERT_TRUE(WaitFor([&] { return kubelet().ImageId(name) == evil.config.digest; }));
  std::string id;
  EXPECT_FALSE(kubelet().RunPod("swapped", "default", &id).ok());
  Repoint(name, world().pause.manifest);
  ASSERT_TRUE(WaitFor([&] { return kubelet().ImageId(name) == world().pause.config.digest; }));
  EXPECT_FALSE(Pod().empty());
}

TEST_F(NodeTest, AuditModeLetsAllThroughAndRecordsWouldDeny) {
  std::string policy = world().Policy("audit");
  policy.replace(policy.find("infra/*"), 7, "infra/x");  // the pause image has no rule then
  world().daemon->SetPolicy(policy);
  const std::size_t before = ReadText(world().daemon->audit_file()).size();
  const Image unsigned_image = MakeImage("audited");
  const Image wrong_key = MakeImage("audited: wrong key");
  world().Push("app/audited", "1", unsigned_image, false);
  world().Push("app/audited", "wrong", wrong_key, false);
  ASSERT_EQ("", world().other.Sign(world().At("app/audited", wrong_key.manifest.digest)));
  const std::string name = world().Ref("app/audited", "1");
  std::string ref;
  const grpc::Status pulled = kubelet().Pull(name, "default", &ref);
  ASSERT_TRUE(pulled.ok()) << pulled.error_message();
  EXPECT_TRUE(kubelet().Pull(world().Ref("app/audited", "wrong"), "default").ok());
  const std::string pod = Pod();
  ExpectRuns(pod, ref, name, "audited");
  auto with_volume = kubelet().CreateRequest(pod, ref, name);
  auto& mount = *with_volume.mutable_config()->add_mounts();
  mount.set_container_path("/volume");
  mount.set_readonly(true);
  mount.mutable_image()->set_image(wrong_key.config.digest);
  mount.mutable_image()->set_user_specified_image(world().Ref("app/audited", "wrong"));
  std::string id;
  if (Env("PULLSEAL_CONTAINERD").starts_with("containerd-2")) {  // the others do not know image volumes
    const grpc::Status created = kubelet().Create(with_volume, &id);
    EXPECT_TRUE(created.ok()) << created.error_message();
    EXPECT_TRUE(WaitFor([&] { return HasRecord(before, "volume", "would-deny", "signature-invalid"); }));
  }
  // Whatever the runtime says to it, it was asked.
  EXPECT_EQ(std::string::npos,
            CallRaw("/runtime.v1.RuntimeService/RestorePod").error_message().find("checkpoint-refused"));
  EXPECT_TRUE(WaitFor([&] { return HasRecord(before, "create", "would-deny", "checkpoint-refused"); }));
  EXPECT_TRUE(WaitFor([&] { return HasRecord(before, "pull", "would-deny", "signature-invalid"); }));
  EXPECT_TRUE(WaitFor([&] { return HasRecord(before, "sandbox", "would-deny", "no-rule"); }));
  for (const char* action : {"pull", "create", "start"}) {
    EXPECT_TRUE(WaitFor([&] { return HasRecord(before, action, "would-deny", "signature-missing"); })) << action;
  }
  world().daemon->SetPolicy(world().Policy());
  ExpectRefused(kubelet().Create(Pod(), ref, name, nullptr), "signature-missing");
}

TEST_F(NodeTest, BrokenPolicyDoesNotReplaceAGoodOne) {
  world().daemon->SetPolicy("rules: [");
  EXPECT_NE(std::string::npos, world().daemon->Metrics().find("pullseal_policy_reload_errors_total"));
  ExpectRefused(kubelet().Pull(world().Ref("forbidden/x", "1"), "default"), "rule-denies");
  world().daemon->SetPolicy(world().Policy());
}

TEST_F(NodeTest, WithoutAPolicyJudgedCallsAreRefusedAndAllOthersPass) {
  Daemon bare(Env("PULLSEAL_BUILD") + "/plugin/pullseald", world().folder.path() + "/bare", *world().containerd, "");
  Cri client(bare.socket());
  EXPECT_TRUE(client.Version().ok());
  EXPECT_FALSE(client.Pods().empty());
  ExpectRefused(client.Pull(world().Ref("app/signed", "1"), "default"), "policy-unavailable");
  std::string id;
  ExpectRefused(client.RunPod("bare", "default", &id), "policy-unavailable");
  ExpectRefused(client.Create("x", "y", "z", nullptr), "policy-unavailable");
  ExpectRefused(client.Start("x"), "policy-unavailable");
}

TEST_F(NodeTest, LongTextInAFailingStartEndsOnlyThatCall) {
  const Image image = MakeImage("long");
  world().Push("app/long", "1", image, true);
  ASSERT_TRUE(kubelet().Pull(world().Ref("app/long", "1"), "default").ok());
  const std::string pod = Pod();
  std::atomic<bool> stop{false};
  std::atomic<int> failed{0};
  std::thread others([&] {
    while (!stop) failed += kubelet().Version().ok() ? 0 : 1;
  });
  for (const std::size_t size : {std::size_t{1'000}, std::size_t{30'000}}) {
    auto request = kubelet().CreateRequest(pod, image.config.digest, world().Ref("app/long", "1"));
    request.mutable_config()->clear_command();
    request.mutable_config()->add_command("/" + std::string(size, 'x'));
    std::string id;
    ASSERT_TRUE(kubelet().Create(request, &id).ok());
    const grpc::Status started = kubelet().Start(id);
    EXPECT_EQ(grpc::StatusCode::UNKNOWN, started.error_code())
        << size << ": " << started.error_message().substr(0, 200);
  }
  stop = true;
  others.join();
  EXPECT_EQ(0, failed);
}

TEST_F(NodeTest, KilledAndRestartedUnderLoadNothingUnsignedGetsThrough) {
  const Image evil = MakeImage("kill: evil");
  const Image good = MakeImage("kill: good");
  world().Push("app/kill", "good", good, true);
  world().Push("app/kill", "evil", evil, false);
  Import(evil, world().Ref("app/kill", "evil"));
  ASSERT_TRUE(kubelet().Pull(world().Ref("app/kill", "good"), "default").ok());
  const std::string pod = Pod();
  std::atomic<bool> stop{false};
  std::atomic<int> allowed{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> load;
  for (int i = 0; i < 4; ++i) {
    load.emplace_back([&, i] {
      Cri client(world().daemon->socket());
      while (!stop) {
        const grpc::Status status =
            i % 2 == 0 ? client.Pull(world().Ref("app/kill", "evil"), "default")
                       : client.Create(pod, evil.config.digest, world().Ref("app/kill", "evil"), nullptr);
        (status.ok() ? allowed : refused) += 1;
      }
    });
  }
  for (int i = 0; i < 8; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    world().daemon->Stop(i % 2 == 0 ? SIGKILL : SIGTERM);
    world().daemon->Start();
  }
  stop = true;
  for (std::thread& thread : load) thread.join();
  EXPECT_EQ(0, allowed);
  EXPECT_GT(refused, 8);
  ExpectRuns(Pod(), good.config.digest, world().Ref("app/kill", "good"), "kill: good");
}

TEST_F(NodeTest, RuntimeRestartIsSurvived) {
  const std::string pod = Pod();
  world().containerd->Stop(SIGKILL);
  EXPECT_EQ(grpc::StatusCode::UNAVAILABLE, kubelet().Version().error_code());
  world().containerd->Start();
  EXPECT_TRUE(WaitFor([&] { return kubelet().Version().ok(); }));
  EXPECT_FALSE(Pod().empty());
}

}  // namespace
}  // namespace pullseal::lab
