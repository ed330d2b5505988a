// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "e2e/node_fixture.h"

// Where images came from, by the ways in which images come onto nodes: through the kubelet and around it, from disk
// images, archives and other names.
namespace pullseal::lab {
namespace {

std::string Program() { return Env("PULLSEAL_BUILD") + "/plugin/pullseal"; }

class NodeOriginTest : public NodeTest {
 protected:
  NodeOriginTest() {
    world().daemon->SetPolicy(world().Policy() + "  - {name: free, mode: allow, match: {images: [\"" +
                              world().registry.host() + "/free/*\"]}}\n");
  }
  ~NodeOriginTest() override { world().daemon->SetPolicy(world().Policy()); }
  Output Note(const std::string& image) {
    return Execute({Program(), "note", image, "--socket", world().daemon->admin_socket()});
  }
  grpc::Status Create(const std::string& pod, const Image& image, const std::string& claimed) {
    std::string id;
    return kubelet().Create(pod, image.config.digest, claimed, &id);
  }
};

// A node on which nothing is noted, as an older version leaves it: the registry is asked once, and then no more.
TEST_F(NodeOriginTest, WhatWasPulledAroundUsIsAskedForOnce) {
  const Image image = MakeImage("pulled around");
  const std::string name = world().Ref("free/around", "1");
  world().registry.PushImage("free/around", "1", image);
  ASSERT_TRUE(world().raw->Pull(name, "").ok());
  const std::string pod = Pod("around");
  ExpectRuns(pod, image.config.digest, name, "pulled around");
  world().registry.Stop();
  ExpectRuns(pod, image.config.digest, name, "pulled around");
  world().daemon->Stop(SIGTERM);
  world().daemon->Start();
  world().kubelet = std::make_unique<Cri>(world().daemon->socket());
  ExpectRuns(pod, image.config.digest, name, "pulled around");
  world().registry.Start();
}

TEST_F(NodeOriginTest, WhatWasPulledThroughUsIsNotedAndContainerdsNoteOfThePortlessHostIsTakenAway) {
  const Image image = MakeImage("pulled through");
  const std::string name = world().Ref("free/through", "1");
  world().registry.PushImage("free/through", "1", image);
  ASSERT_TRUE(kubelet().Pull(name, "default").ok());
  const Output listed = world().containerd->Ctr({"content", "ls"});
  const std::size_t line = listed.text.find(image.manifest.digest);
  ASSERT_NE(std::string::npos, line) << listed.text;
  const std::string labels = listed.text.substr(line, listed.text.find('\n', line) - line);
  EXPECT_EQ(std::string::npos, labels.find("distribution.source")) << labels;
  world().registry.Stop();
  world().daemon->Stop(SIGTERM);
  world().daemon->Start();
  world().kubelet = std::make_unique<Cri>(world().daemon->socket());
  ExpectRuns(Pod("through"), image.config.digest, name, "pulled through");
  world().registry.Start();
}

// Imported by ctr, and as kind loads images: root says where they came from.
TEST_F(NodeOriginTest, ImportsNeedRootsWord) {
  const std::string pod = Pod("imports");
  const Image imported = MakeImage("imported");
  const std::string name = world().Ref("free/imported", "1");
  Import(imported, name);
  ExpectRefused(Create(pod, imported, name), "provenance-unproven");
  EXPECT_EQ(1, Note(world().Ref("free/none", "1")).status);
  const Output noted = Note(name);
  EXPECT_EQ(0, noted.status) << noted.text;
  EXPECT_NE(std::string::npos, noted.text.find(imported.manifest.digest)) << noted.text;
  ExpectRuns(pod, imported.config.digest, name, "imported");
  EXPECT_NE(std::string::npos, ReadText(world().daemon->audit_file()).find("root notes"));

  const Image loaded = MakeImage("loaded by kind");
  const std::string other = world().Ref("free/loaded", "1");
  const std::string archive = world().folder.path() + "/kind.tar";
  SaveArchive(loaded, other, archive);
  const Output out =
      world().containerd->Ctr({"images", "import", "--all-platforms", "--digests", "--snapshotter=overlayfs", archive});
  ASSERT_EQ(0, out.status) << out.text;
  ASSERT_TRUE(WaitFor([&] { return kubelet().ImageId(other) == loaded.config.digest; }));
  ExpectRefused(Create(pod, loaded, other), "provenance-unproven");
  EXPECT_EQ(0, Note(other).status);
  ExpectRuns(pod, loaded.config.digest, other, "loaded by kind");
  // Another's name for the same content is another claim.
  ASSERT_EQ(0, world().containerd->Ctr({"images", "tag", other, world().Ref("free/planted", "1")}).status);
  ExpectRefused(Create(pod, loaded, world().Ref("free/planted", "1")), "provenance-unproven");
  const Output forgotten = Execute({Program(), "note", "--forget-all", "--socket", world().daemon->admin_socket()});
  EXPECT_EQ(0, forgotten.status) << forgotten.text;
  EXPECT_NE(std::string::npos, forgotten.text.find(" notes removed")) << forgotten.text;
}

// A node of AKS that cannot reach Microsoft's registry, with the policy of an overlay as it is shipped.
class AksNode {
 public:
  static constexpr const char* kPause = "mcr.microsoft.com/oss/kubernetes/pause:3.10";

  AksNode(const std::string& policy_file, const std::string& key_file)
      : containerd_(Env("PULLSEAL_PEERS") + "/" + Env("PULLSEAL_CONTAINERD") + "/usr/bin",
                    Env("PULLSEAL_CONTAINERD").starts_with("containerd-2") ? 2 : 1, folder_.path() + "/containerd",
                    kPause) {
    WriteFile(folder_.path() + "/pullseald/release.pub", ReadText(key_file));
    // The roots that a shipped policy names lie beside it.
    for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(policy_file).parent_path())) {
      if (file.path().extension() != ".crt") continue;
      WriteFile(folder_.path() + "/pullseald/" + file.path().filename().string(), ReadText(file.path()));
    }
    daemon_ = std::make_unique<Daemon>(Env("PULLSEAL_BUILD") + "/plugin/pullseald", folder_.path() + "/pullseald",
                                       containerd_, ReadText(policy_file), "gate: {decisionTimeout: 5s}\n");
    kubelet_ = std::make_unique<Cri>(daemon_->socket());
  }
  Cri& kubelet() { return *kubelet_; }
  Daemon& daemon() { return *daemon_; }
  void Ctr(const std::vector<std::string>& arguments) {
    const Output out = containerd_.Ctr(arguments);
    ASSERT_EQ(0, out.status) << out.text;
  }
  void Import(const Image& image, const std::string& name) {
    SaveArchive(image, name, folder_.path() + "/import.tar");
    Ctr({"images", "import", folder_.path() + "/import.tar"});
  }
  // As the disk image's build does, from a registry that stands for Microsoft's.
  void Fetch(const std::string& name, const std::string& registry) {
    WriteFile(folder_.path() + "/hosts/mcr.microsoft.com/hosts.toml",
              "[host.\"http://" + registry + "\"]\ncapabilities = [\"pull\", \"resolve\"]\n");
    Ctr({"images", "pull", "--hosts-dir", folder_.path() + "/hosts", name});
  }
  // The text of a container of `image`, or why it does not run.
  std::string Run(const std::string& pod, const Image& image, const std::string& claimed) {
    std::string id;
    WaitFor([&] { return kubelet().ImageId(claimed) == image.config.digest; });
    if (const auto made = kubelet().Create(pod, image.config.digest, claimed, &id); !made.ok()) {
      return made.error_message();
    }
    if (const auto started = kubelet().Start(id); !started.ok()) return started.error_message();
    std::string text;
    const auto read = kubelet().Exec(id, {"cat", "/text"}, &text);
    return read.ok() ? text : read.error_message();
  }

 private:
  TempFolder folder_;
  Containerd containerd_;
  std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<Cri> kubelet_;
};

class AksOriginTest : public NodeTest {
 protected:
  // The three ways in which AKS preloads, each by its commands.
  void Preload(AksNode& node) {
    world().registry.PushImage("oss/tool", "1", tool_);
    node.Import(pause_, "mcr.microsoft.com/oss/kubernetes/pause:imported");
    node.Ctr({"images", "tag", "mcr.microsoft.com/oss/kubernetes/pause:imported", AksNode::kPause});
    node.Fetch("mcr.microsoft.com/oss/tool:1", world().registry.host());
    node.Ctr({"images", "tag", "mcr.microsoft.com/oss/tool:1", "mcr.azure.cn/oss/tool:1"});
  }
  void ExpectPreloadedRuns(AksNode& node, std::string& pod) {
    ASSERT_TRUE(WaitFor([&] { return !node.kubelet().ImageId(AksNode::kPause).empty(); }));
    const grpc::Status status = node.kubelet().RunPod("p", "kube-system", &pod);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ("tool", node.Run(pod, tool_, "mcr.microsoft.com/oss/tool:1"));
    EXPECT_EQ("tool", node.Run(pod, tool_, "mcr.azure.cn/oss/tool:1"));
  }
  static std::string Shipped(const std::string& file) { return Env("PULLSEAL_TOP") + "/daemonset/" + file; }

  const Image pause_ = MakeImage("pause of an archive");
  const Image tool_ = MakeImage("tool");
  const Image evil_ = MakeImage("evil");
};

TEST_F(AksOriginTest, WhatAksPreloadsRunsUnderTheEnforceOverlayAndWhatNobodyVouchesForDoesNot) {
  AksNode node(Shipped("overlays/enforce/policy.yaml"), world().cosign.public_key_file());
  Preload(node);
  std::string pod;
  ExpectPreloadedRuns(node, pod);
  const std::string name = "mcr.microsoft.com/oss/evil:1";
  node.Import(evil_, name);
  // The registry cannot be asked, so nobody knows.
  EXPECT_NE(std::string::npos, node.Run(pod, evil_, name).find("RegistryUnavailable")) << node.Run(pod, evil_, name);
  EXPECT_EQ(0, Execute({Program(), "note", name, "--socket", node.daemon().admin_socket()}).status);
  EXPECT_EQ("evil", node.Run(pod, evil_, name));
  // Other content under the pause image's name is not the pause image, nor is the pause image a container's.
  std::string id;
  EXPECT_NE("pause of an archive", node.Run(pod, pause_, AksNode::kPause));
  node.Ctr({"images", "tag", "--force", name, AksNode::kPause});
  ASSERT_TRUE(WaitFor([&] { return node.kubelet().ImageId(AksNode::kPause) == evil_.config.digest; }));
  EXPECT_FALSE(node.kubelet().RunPod("q", "kube-system", &id).ok());
}

TEST_F(AksOriginTest, WhatAksPreloadsRunsUnderTheAuditOverlay) {
  AksNode node(Shipped("base/policy.yaml"), world().cosign.public_key_file());
  Preload(node);
  std::string pod;
  ExpectPreloadedRuns(node, pod);
  node.Import(evil_, "mcr.microsoft.com/oss/evil:1");
  EXPECT_EQ("evil", node.Run(pod, evil_, "mcr.microsoft.com/oss/evil:1"));
  const auto told = [&] { return ReadText(node.daemon().audit_file()).find("would-deny") != std::string::npos; };
  EXPECT_TRUE(WaitFor(told, 20));
}

}  // namespace
}  // namespace pullseal::lab
