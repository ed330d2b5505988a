// A whole node: real containerd, runc, registry and cosign, with pullseald in front, as a kubelet sees it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "lab/images.h"
#include "lab/node.h"

namespace pullseal::lab {
namespace {

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

// Everything that one containerd line needs, made once for all tests.
struct World {
  World()
      : registry(folder.path() + "/registry"),
        cosign(Env("PULLSEAL_PEERS") + "/cosign-2/usr/bin/cosign", folder.path() + "/release"),
        other(Env("PULLSEAL_PEERS") + "/cosign-2/usr/bin/cosign", folder.path() + "/other"),
        pause(MakeImage("pause")) {
    Push("infra/pause", "1", pause, true);
    containerd = std::make_unique<Containerd>(Env("PULLSEAL_PEERS") + "/" + Env("PULLSEAL_CONTAINERD") + "/usr/bin",
                                              Env("PULLSEAL_CONTAINERD") == "containerd-2" ? 2 : 1,
                                              folder.path() + "/containerd", Ref("infra/pause", "1"));
    daemon = std::make_unique<Daemon>(Env("PULLSEAL_BUILD") + "/plugin/pullseald", folder.path() + "/pullseald",
                                      *containerd, Policy());
    kubelet = std::make_unique<Cri>(daemon->socket());
    raw = std::make_unique<Cri>(containerd->socket());
  }

  std::string Ref(const std::string& repository, const std::string& tag) const {
    return registry.host() + "/" + repository + ":" + tag;
  }
  std::string At(const std::string& repository, const std::string& digest) const {
    return registry.host() + "/" + repository + "@" + digest;
  }
  void Push(const std::string& repository, const std::string& tag, const Image& image, bool sign) {
    registry.PushImage(repository, tag, image);
    if (!sign) return;
    EXPECT_EQ("", cosign.Sign(At(repository, image.manifest.digest)));
  }
  std::string Policy(const std::string& mode = "enforce") const {
    return "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: lab, version: 1}\nmode: " + mode +
           "\nkeys:\n  - {name: release, file: " + cosign.public_key_file() +
           "}\nrules:\n"
           "  - {name: forbidden, mode: deny, match: {images: [\"" + registry.host() + "/forbidden/*\"]}}\n"
           "  - {name: lax, mode: allow, match: {namespaces: [lax], unsafe: true}}\n"
           "  - name: signed\n    labels: {team: lab}\n    match: {images: [\"" + registry.host() +
           "/app/**\", \"" + registry.host() + "/infra/*\"]}\n"
           "    require: {signatures: {anyOf: [{key: release}]}}\n";
  }

  TempFolder folder;
  Registry registry;
  Cosign cosign;
  Cosign other;
  Image pause;
  std::unique_ptr<Containerd> containerd;
  std::unique_ptr<Daemon> daemon;
  std::unique_ptr<Cri> kubelet;  // through pullseald
  std::unique_ptr<Cri> raw;      // around it
};

class NodeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { world_ = new World(); }
  static void TearDownTestSuite() {
    if (std::getenv("PULLSEAL_KEEP_LOG") != nullptr) std::fprintf(stderr, "%s\n", world_->daemon->Log().c_str());
    delete world_;
  }
  World& world() { return *world_; }
  Cri& kubelet() { return *world_->kubelet; }

  std::string Pod(const std::string& pod_namespace = "default") {
    std::string id;
    const grpc::Status status = kubelet().RunPod("pod", pod_namespace, &id);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return id;
  }
  static void ExpectRefused(const grpc::Status& status, const std::string& slug) {
    EXPECT_EQ(grpc::StatusCode::UNKNOWN, status.error_code()) << status.error_message();
    EXPECT_NE(std::string::npos, status.error_message().find(": " + slug + ": ")) << status.error_message();
  }

 private:
  static World* world_;
};
World* NodeTest::world_ = nullptr;

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

}  // namespace
}  // namespace pullseal::lab
