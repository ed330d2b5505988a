// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_E2E_NODE_FIXTURE_H_
#define PULLSEAL_E2E_NODE_FIXTURE_H_

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include "containerd_images.grpc.pb.h"
#include "core/json/value.h"
#include "fakes/sigstore_authority.h"
#include "image/oci/platform.h"
#include "image/runtime/runtime.h"
#include "lab/images.h"
#include "lab/node.h"

// A whole node: real containerd, runc, registry and cosign, with pullseald in front, as a kubelet sees it.
namespace pullseal::lab {

inline std::string Env(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

// Everything that one containerd line needs, made once for all tests.
struct World {
  World()
      : registry(folder.path() + "/registry", Front()),
        cosign(Env("PULLSEAL_PEERS") + "/cosign-2/usr/bin/cosign", folder.path() + "/release"),
        other(Env("PULLSEAL_PEERS") + "/cosign-2/usr/bin/cosign", folder.path() + "/other"),
        pause(MakeImage("pause")),
        expired({.intermediate = [](fakes::CertificatePlan& plan) {
          plan.to = fakes::SigstoreAuthority::Start() + std::chrono::seconds(10);
        }}) {
    std::ofstream(folder.path() + "/test-root.json") << authority.TrustedRoot();
    std::ofstream(folder.path() + "/expired-root.json") << expired.TrustedRoot();
    Push("infra/pause", "1", pause, true);
    containerd = std::make_unique<Containerd>(Env("PULLSEAL_PEERS") + "/" + Env("PULLSEAL_CONTAINERD") + "/usr/bin",
                                              Env("PULLSEAL_CONTAINERD").starts_with("containerd-2") ? 2 : 1,
                                              folder.path() + "/containerd", Ref("infra/pause", "1"));
    daemon = std::make_unique<Daemon>(
        Env("PULLSEAL_BUILD") + "/plugin/pullseald", folder.path() + "/pullseald", *containerd, Policy(),
        "gate: {denyTtl: 1s}\nregistries: {credentialProvider: {config: " + providers_folder() +
            "/config.yaml, binDir: " + providers_folder() + "}}\n");
    kubelet = std::make_unique<Cri>(daemon->socket());
    raw = std::make_unique<Cri>(containerd->socket());
  }

  // PULLSEAL_FRONT: the program that adds the referrers API to the registry.
  static std::string Front() {
    const char* front = std::getenv("PULLSEAL_FRONT");
    return front != nullptr ? front : "";
  }
  // Where the node's credential provider plugins would be.
  std::string providers_folder() const { return folder.path() + "/providers"; }
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
           "\nkeys:\n  - {name: release, file: " + cosign.public_key_file() + "}\n" + KeylessPolicy() +
           "  - {name: forbidden, mode: deny, match: {images: [\"" + registry.host() +
           "/forbidden/*\"]}}\n"
           "  - {name: lax, mode: allow, match: {namespaces: [lax], unsafe: true}}\n"
           "  - name: signed\n    labels: {team: lab}\n    match: {images: [\"" +
           registry.host() + "/app/**\", \"" + registry.host() +
           "/infra/*\"]}\n"
           "    require: {signatures: {anyOf: [{key: release}]}}\n";
  }

  // Images that an identity must have signed.
  std::string KeylessPolicy() const {
    const auto rule = [this](const std::string& name, const std::string& root) {
      return "  - name: " + name + "\n    match: {images: [\"" + registry.host() + "/" + name +
             "/*\"]}\n"
             "    require:\n      signatures:\n        anyOf:\n          - keyless:\n              trustRoot: " +
             root + "\n              issuer: " + fakes::SignPlan().issuer +
             "\n              subject: " + fakes::SignPlan().subject + "\n";
    };
    return "trustRoots:\n  - {name: test, file: " + folder.path() +
           "/test-root.json}\n  - {name: old, file: " + folder.path() + "/expired-root.json}\nrules:\n" +
           rule("keyless", "test") + rule("expired", "old");
  }

  TempFolder folder;
  Registry registry;
  Cosign cosign;
  Cosign other;
  Image pause;
  fakes::SigstoreAuthority authority;
  fakes::SigstoreAuthority expired;  // its intermediate had ended when it signed
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

  // Puts an image into containerd behind the proxy's back; waits until CRI shows it.
  void Import(const Image& image, const std::string& name) {
    const std::string archive = world().folder.path() + "/import.tar";
    SaveArchive(image, name, archive);
    const Output imported = world().containerd->Ctr({"images", "import", archive});
    ASSERT_EQ(0, imported.status) << imported.text;
    ASSERT_TRUE(WaitFor([&] { return kubelet().ImageId(name) == image.config.digest; }));
  }
  void ExpectRuns(const std::string& pod, const std::string& image, const std::string& claimed,
                  const std::string& text) {
    std::string id;
    const grpc::Status created = kubelet().Create(pod, image, claimed, &id);
    ASSERT_TRUE(created.ok()) << image << ": " << created.error_message();
    const grpc::Status started = kubelet().Start(id);
    ASSERT_TRUE(started.ok()) << image << ": " << started.error_message();
    std::string out;
    const grpc::Status executed = kubelet().Exec(id, {"cat", "/text"}, &out);
    ASSERT_TRUE(executed.ok()) << executed.error_message();
    EXPECT_EQ(text, out);
  }
  // Everything that could be taken for a name of the image: see the runtime's LocalResolve.
  std::vector<std::string> FormsOf(const Image& image, const std::string& repository, const std::string& tag) {
    const std::string hex = image.config.digest.substr(7);
    std::string upper = hex;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    return {image.config.digest,
            hex,
            hex.substr(0, 8),
            hex.substr(0, 12),
            "sha256:" + hex.substr(0, 8),
            hex.substr(0, 1),
            upper,
            "sha256:" + upper,
            world().Ref(repository, tag),
            world().At(repository, image.manifest.digest),
            world().Ref(repository, tag) + "@" + image.manifest.digest,
            ""};
  }
  // Points a name in containerd's store at another manifest, as a pull of a moved tag does.
  void Repoint(const std::string& name, const Blob& manifest) {
    static const auto stub = ::containerd::services::images::v1::Images::NewStub(world().raw->channel());
    ::containerd::services::images::v1::UpdateImageRequest request;
    request.mutable_image()->set_name(name);
    auto& target = *request.mutable_image()->mutable_target();
    target.set_media_type(kManifestType);
    target.set_digest(manifest.digest);
    target.set_size(static_cast<std::int64_t>(manifest.bytes.size()));
    request.mutable_update_mask()->add_paths("target");
    ::containerd::services::images::v1::UpdateImageResponse response;
    grpc::ClientContext context;
    context.AddMetadata("containerd-namespace", "k8s.io");
    const grpc::Status status = stub->Update(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  // A call by path with an empty message.
  grpc::Status CallRaw(const std::string& path) {
    grpc::GenericStub stub(kubelet().channel());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    grpc::CompletionQueue queue;
    const grpc::Slice slice(std::string{});
    const grpc::ByteBuffer request(&slice, 1);
    auto call = stub.PrepareUnaryCall(&context, path, request, &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status;
  }
  // Whether the audit log has such a record beyond byte `from`.
  bool HasRecord(std::size_t from, const std::string& action, const std::string& outcome, const std::string& reason) {
    std::istringstream lines(ReadText(world().daemon->audit_file()).substr(from));
    std::string line;
    while (std::getline(lines, line)) {
      const auto record = json::Parse(line);
      if (!record) continue;
      const auto is = [&](const char* name, const std::string& value) {
        const std::string* text = record->FindString(name);
        return text != nullptr && *text == value;
      };
      if (is("action", action) && is("outcome", outcome) && is("reason", reason)) return true;
    }
    return false;
  }

 private:
  static inline World* world_ = nullptr;
};

}  // namespace pullseal::lab

#endif  // PULLSEAL_E2E_NODE_FIXTURE_H_
