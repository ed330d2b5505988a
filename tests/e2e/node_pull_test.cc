// SPDX-License-Identifier: Apache-2.0
// Pulling through pullseald on a real node.
#include "e2e/node_fixture.h"

namespace pullseal::lab {
namespace {

TEST_F(NodeTest, SignedImageIsPulledAndRuns) {
  const Image image = MakeImage("signed");
  world().Push("app/signed", "1", image, true);
  const std::string name = world().Ref("app/signed", "1");
  std::string ref;
  const grpc::Status pulled = kubelet().Pull(name, "default", &ref);
  ASSERT_TRUE(pulled.ok()) << pulled.error_message();
  EXPECT_EQ(image.config.digest, ref);
  EXPECT_EQ(image.config.digest, kubelet().ImageId(name)) << "IfNotPresent would not find the tag";
  std::string container;
  const grpc::Status created = kubelet().Create(Pod(), ref, name, &container);
  ASSERT_TRUE(created.ok()) << created.error_message();
  const grpc::Status started = kubelet().Start(container);
  ASSERT_TRUE(started.ok()) << started.error_message();
  std::string text;
  const grpc::Status executed = kubelet().Exec(container, {"cat", "/text"}, &text);
  ASSERT_TRUE(executed.ok()) << executed.error_message();
  EXPECT_EQ("signed", text);
}

TEST_F(NodeTest, UnsignedImageIsNotPulled) {
  world().Push("app/unsigned", "1", MakeImage("unsigned"), false);
  ExpectRefused(kubelet().Pull(world().Ref("app/unsigned", "1"), "default"), "signature-missing");
  EXPECT_EQ("", kubelet().ImageId(world().Ref("app/unsigned", "1")));
}

TEST_F(NodeTest, ImageSignedByAnotherKeyIsRefused) {
  const Image image = MakeImage("wrong key");
  world().Push("app/wrong", "1", image, false);
  ASSERT_EQ("", world().other.Sign(world().At("app/wrong", image.manifest.digest)));
  ExpectRefused(kubelet().Pull(world().Ref("app/wrong", "1"), "default"), "signature-invalid");
}

TEST_F(NodeTest, TamperedPayloadIsRefused) {
  const Image good = MakeImage("tampered: good");
  const Image evil = MakeImage("tampered: evil");
  world().Push("app/tampered", "good", good, true);
  world().Push("app/tampered", "evil", evil, false);
  auto [payload, signature] = FetchSignature(world().registry, "app/tampered", good.manifest.digest);
  // The good image's signature as it is: it is for another digest.
  world().registry.PushSignature("app/tampered", evil.manifest.digest, payload, signature);
  ExpectRefused(kubelet().Pull(world().Ref("app/tampered", "evil"), "default"), "digest-mismatch");
  // The payload changed to name the evil image: the signature does not fit any more.
  payload.replace(payload.find(good.manifest.digest), good.manifest.digest.size(), evil.manifest.digest);
  world().registry.PushSignature("app/tampered", evil.manifest.digest, payload, signature);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // denyTtl is 1 s here
  ExpectRefused(kubelet().Pull(world().Ref("app/tampered", "evil"), "default"), "signature-invalid");
}

TEST_F(NodeTest, SignatureOfAnotherRepositoryIsRefused) {
  const Image image = MakeImage("moved");
  world().Push("app/first", "1", image, true);
  world().Push("app/second", "1", image, false);
  const auto [payload, signature] = FetchSignature(world().registry, "app/first", image.manifest.digest);
  world().registry.PushSignature("app/second", image.manifest.digest, payload, signature);
  ExpectRefused(kubelet().Pull(world().Ref("app/second", "1"), "default"), "repository-mismatch");
}

TEST_F(NodeTest, DenyRuleAndMissingRuleRefuse) {
  world().Push("forbidden/x", "1", MakeImage("forbidden"), true);
  world().Push("elsewhere/x", "1", MakeImage("elsewhere"), true);
  ExpectRefused(kubelet().Pull(world().Ref("forbidden/x", "1"), "default"), "rule-denies");
  ExpectRefused(kubelet().Pull(world().Ref("elsewhere/x", "1"), "default"), "no-rule");
  ExpectRefused(kubelet().Pull("UPPER/Case:1", "default"), "reference-invalid");
  const std::string absent = world().Ref("app/never-pushed", "1");
  const grpc::Status pulled = kubelet().Pull(absent, "default");
  ExpectRefused(pulled, "image-not-found");
  EXPECT_TRUE(pulled.error_message().starts_with(absent + ": ")) << "no first word, so the kubelet says ErrImagePull";
}

TEST_F(NodeTest, TagMovedAfterWarmUpIsRefused) {
  const Image good = MakeImage("moved tag: good");
  const std::string name = world().Ref("app/moving", "1");
  world().Push("app/moving", "1", good, true);
  ASSERT_TRUE(kubelet().Pull(name, "default").ok());
  world().Push("app/moving", "1", MakeImage("moved tag: evil"), false);
  ExpectRefused(kubelet().Pull(name, "default"), "signature-missing");
  EXPECT_EQ(good.config.digest, kubelet().ImageId(name));
}

TEST_F(NodeTest, TagThatMovesDuringPullsNeverBringsTheOtherImage) {
  const Image good = MakeImage("flipping: good");
  const Image evil = MakeImage("flipping: evil");
  world().Push("app/flipping", "1", evil, false);
  world().Push("app/flipping", "1", good, true);
  std::atomic<bool> stop{false};
  std::thread flipper([&] {
    for (int i = 0; !stop; ++i) {
      world().registry.PushManifest("app/flipping", "1", (i % 2 == 0 ? evil : good).manifest, kManifestType);
    }
  });
  int pulled = 0;
  for (int i = 0; i < 60; ++i) {
    std::string ref;
    const grpc::Status status = kubelet().Pull(world().Ref("app/flipping", "1"), "default", &ref);
    if (!status.ok()) continue;
    ++pulled;
    EXPECT_EQ(good.config.digest, ref);
  }
  stop = true;
  flipper.join();
  EXPECT_GT(pulled, 0);
  EXPECT_EQ("", kubelet().ImageId(evil.config.digest)) << "the unsigned image was unpacked";
}

TEST_F(NodeTest, RegistryThatIsDownIsNotReadAsUnsigned) {
  const Image image = MakeImage("outage");
  world().Push("app/outage", "1", image, true);
  const std::string name = world().Ref("app/outage", "1");
  ASSERT_TRUE(kubelet().Pull(name, "default").ok());
  const Image other = MakeImage("outage: not seen yet");
  Import(other, world().Ref("app/outage", "2"));
  world().registry.Stop();
  const std::string pod = Pod();
  ExpectRuns(pod, image.config.digest, name, "outage");  // known already
  const grpc::Status pulled = kubelet().Pull(name, "default");
  ExpectRefused(pulled, "registry-unreachable");
  EXPECT_TRUE(pulled.error_message().starts_with("RegistryUnavailable: ")) << pulled.error_message();
  ExpectRefused(kubelet().Create(pod, other.config.digest, world().Ref("app/outage", "2"), nullptr),
                "registry-unreachable");
  world().registry.Start();
  // A registry that failed is left alone for a moment; the kubelet tries again.
  EXPECT_TRUE(lab::WaitFor([&] { return kubelet().Pull(name, "default").ok(); }, 10));
}

TEST_F(NodeTest, IndexOrPlatformManifestMayBeSigned) {
  const Image image = MakeImage("index");
  const Image arm = MakeImage("index: other platform");
  const Blob index = MakeIndex({image.manifest, arm.manifest}, {oci::NodePlatform().architecture, "s390x"});
  for (const bool sign_index : {true, false}) {
    const std::string repository = sign_index ? "app/index-signed" : "app/manifest-signed";
    world().registry.PushImage(repository, "", image);
    world().registry.PushImage(repository, "", arm);
    world().registry.PushManifest(repository, "1", index, kIndexType);
    ASSERT_EQ("", world().cosign.Sign(world().At(repository, sign_index ? index.digest : image.manifest.digest)));
    const std::string name = world().Ref(repository, "1");
    std::string ref;
    const grpc::Status pulled = kubelet().Pull(name, "default", &ref);
    ASSERT_TRUE(pulled.ok()) << pulled.error_message();
    EXPECT_EQ(image.config.digest, ref);
    ExpectRuns(Pod(), ref, name, "index");
  }
}

// The pod pins the index by its digest, and only this node's manifest is signed: kubelet finds the name that it pulled,
// and the pod starts again with the registry away.
TEST_F(NodeTest, AnIndexThatIsPinnedIsFoundByThatName) {
  const Image image = MakeImage("pinned");
  const Image arm = MakeImage("pinned: other platform");
  const Blob index = MakeIndex({image.manifest, arm.manifest}, {oci::NodePlatform().architecture, "s390x"});
  world().registry.PushImage("app/pinned", "", image);
  world().registry.PushImage("app/pinned", "", arm);
  world().registry.PushManifest("app/pinned", "1", index, kIndexType);
  ASSERT_EQ("", world().cosign.Sign(world().At("app/pinned", image.manifest.digest)));
  const std::string name = world().At("app/pinned", index.digest);
  std::string ref;
  const grpc::Status pulled = kubelet().Pull(name, "default", &ref);
  ASSERT_TRUE(pulled.ok()) << pulled.error_message();
  EXPECT_EQ(image.config.digest, ref);
  EXPECT_EQ(image.config.digest, kubelet().ImageId(name)) << "IfNotPresent would pull at each start";
  const std::string pod = Pod();
  world().registry.Stop();
  ExpectRuns(pod, name, name, "pinned");
  world().registry.Start();
}

TEST_F(NodeTest, CommandLineExplainsAndAgrees) {
  const std::string program = Env("PULLSEAL_BUILD") + "/plugin/pullseal";
  const auto verify = [&](const std::string& image) {
    return Execute({program, "verify", image, "--policy", world().daemon->policy_file(), "--namespace", "default"});
  };
  world().Push("app/cli", "good", MakeImage("cli: good"), true);
  world().Push("app/cli", "evil", MakeImage("cli: evil"), false);
  const Output good = verify(world().Ref("app/cli", "good"));
  EXPECT_EQ(0, good.status) << good.text;
  EXPECT_NE(std::string::npos, good.text.find("signed by: release")) << good.text;
  const Output evil = verify(world().Ref("app/cli", "evil"));
  EXPECT_EQ(1, evil.status) << evil.text;
  EXPECT_NE(std::string::npos, evil.text.find("signature-missing")) << evil.text;
  const std::string lost = world().folder.path() + "/lost.yaml";
  std::string policy = world().Policy();
  while (policy.find(world().registry.host()) != std::string::npos) {
    policy.replace(policy.find(world().registry.host()), world().registry.host().size(), "127.0.0.1:1");
  }
  WriteFile(lost, policy);
  const Output undecided =
      Execute({program, "verify", "127.0.0.1:1/app/x:1", "--policy", lost, "--namespace", "default"});
  EXPECT_EQ(2, undecided.status) << undecided.text;
  EXPECT_EQ(64, Execute({program, "verify"}).status);
  EXPECT_EQ(0, Execute({program, "policy", "check", world().daemon->policy_file()}).status);
  const Output audit = Execute({program, "audit", "verify", world().daemon->audit_file()});
  EXPECT_EQ(0, audit.status) << audit.text;
  const std::string metrics = world().daemon->Metrics();
  EXPECT_NE(std::string::npos, metrics.find("pullseal_decisions_total{action=\"pull\",outcome=")) << metrics;
}

}  // namespace
}  // namespace pullseal::lab
