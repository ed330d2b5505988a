// SPDX-License-Identifier: Apache-2.0
// Evidence on a whole node: every form cosign writes, across restarts, with the registry away; and the live commands.
#include "e2e/node_fixture.h"

namespace pullseal::lab {
namespace {

std::string Cosign3() { return Env("PULLSEAL_PEERS") + "/cosign-3/usr/bin/cosign"; }

Output Pullseal(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), Env("PULLSEAL_BUILD") + "/plugin/pullseal");
  return Execute(arguments);
}

TEST_F(NodeTest, BundlesOfCosign3RunAndAttestationsDoNot) {
  const Image image = MakeImage("bundle");
  world().registry.PushImage("app/bundle", "1", image);
  ASSERT_EQ("", world().cosign.SignAsBundle(Cosign3(), world().At("app/bundle", image.manifest.digest)));
  const std::string name = world().Ref("app/bundle", "1");
  const grpc::Status pulled = kubelet().Pull(name, "default");
  ASSERT_TRUE(pulled.ok()) << pulled.error_message();
  ExpectRuns(Pod(), image.config.digest, name, "bundle");

  const Image attested = MakeImage("attested only");
  world().registry.PushImage("app/attested", "1", attested);
  ASSERT_EQ("", world().cosign.SignAsBundle(Cosign3(), world().At("app/attested", attested.manifest.digest), true));
  ExpectRefused(kubelet().Pull(world().Ref("app/attested", "1"), "default"), "signature-missing");

  const Image stranger = MakeImage("by a stranger");
  world().registry.PushImage("app/stranger", "1", stranger);
  ASSERT_EQ("", world().other.SignAsBundle(Cosign3(), world().At("app/stranger", stranger.manifest.digest)));
  ExpectRefused(kubelet().Pull(world().Ref("app/stranger", "1"), "default"), "signature-invalid");
}

TEST_F(NodeTest, KnownImagesRunAfterARestartWithTheRegistryAway) {
  const Image image = MakeImage("known");
  world().Push("app/known", "1", image, true);
  const std::string name = world().Ref("app/known", "1");
  ASSERT_TRUE(kubelet().Pull(name, "default").ok());
  const Image unknown = MakeImage("known: not this one");
  Import(unknown, world().Ref("app/known", "2"));
  const std::string pod = Pod();
  world().registry.Stop();
  world().daemon->Stop(SIGKILL);
  world().daemon->Start();
  const std::size_t from = ReadText(world().daemon->audit_file()).size();
  ExpectRuns(pod, image.config.digest, name, "known");
  EXPECT_TRUE(HasRecord(from, "create", "allow", "signed"));
  EXPECT_NE(std::string::npos, ReadText(world().daemon->audit_file()).substr(from).find("\"cache\":\"evidence\""));
  ExpectRefused(kubelet().Create(pod, unknown.config.digest, world().Ref("app/known", "2"), nullptr),
                "registry-unreachable");
  world().registry.Start();
  EXPECT_TRUE(WaitFor([&] { return kubelet().Pull(name, "default").ok(); }, 10)) << "after its rest";
}

TEST_F(NodeTest, LiveCommandsTellAndDo) {
  const Image image = MakeImage("live");
  world().Push("app/live", "1", image, true);
  const Image unsigned_image = MakeImage("live: unsigned");
  world().Push("app/live", "2", unsigned_image, false);
  const std::string socket = world().daemon->admin_socket();
  const std::string good = world().Ref("app/live", "1");
  const std::string bad = world().Ref("app/live", "2");
  ASSERT_TRUE(WaitFor([&] { return kubelet().Pull(good, "default").ok(); }, 10));

  const Output status = Pullseal({"status", "--socket", socket});
  EXPECT_EQ(0, status.status) << status.text;
  EXPECT_NE(std::string::npos, status.text.find("policy:    lab version 1, mode enforce")) << status.text;
  const auto json = json::Parse(Pullseal({"status", "--socket", socket, "-o", "json"}).text);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ("lab", *json->Find("policy")->FindString("name"));

  const Output list = Pullseal({"cache", "list", "--socket", socket});
  EXPECT_NE(std::string::npos, list.text.find(world().registry.host() + "/app/live@" + image.manifest.digest))
      << list.text;
  const Output warm = Pullseal({"warm", good, bad, "--namespace", "default", "--socket", socket});
  EXPECT_EQ(1, warm.status) << warm.text;
  EXPECT_NE(std::string::npos, warm.text.find("[1/2] " + good + ": allow: signed")) << warm.text;
  EXPECT_NE(std::string::npos, warm.text.find("[2/2] " + bad + ": deny: signature-missing")) << warm.text;
  EXPECT_EQ("", kubelet().ImageId(bad)) << "warm judges, it pulls nothing";

  EXPECT_EQ(0, Pullseal({"cache", "flush", "--socket", socket}).status);
  EXPECT_EQ("0 images\n", Pullseal({"cache", "list", "--socket", socket}).text);

  const Output tail = Pullseal({"audit", "tail", world().daemon->audit_file(), "-n", "1", "--outcome", "deny"});
  EXPECT_NE(std::string::npos, tail.text.find(" deny verify " + bad + " in default rule signed: signature-missing"))
      << tail.text;
  const Output verified = Pullseal({"audit", "verify", world().daemon->audit_file()});
  EXPECT_EQ(0, verified.status) << verified.text;
}

// As the kubelet updates a ConfigMap volume: no signal, one link exchanged.
TEST_F(NodeTest, APolicyIsFollowedWithoutASignal) {
  const std::size_t before = world().daemon->Log().size();
  std::string policy = world().Policy();
  policy.replace(policy.find("version: 1"), 10, "version: 7");
  const std::string next = world().daemon->policy_file() + ".next";
  WriteFile(next, policy);
  std::filesystem::rename(next, world().daemon->policy_file());
  EXPECT_TRUE(
      WaitFor([&] { return world().daemon->Log().find("version 7 in force", before) != std::string::npos; }, 10));
  world().daemon->SetPolicy(world().Policy());
}

}  // namespace
}  // namespace pullseal::lab
