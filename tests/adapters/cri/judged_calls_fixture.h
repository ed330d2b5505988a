// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_JUDGED_CALLS_FIXTURE_H_
#define PULLSEAL_ADAPTERS_CRI_JUDGED_CALLS_FIXTURE_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/cri/calls.h"
#include "adapters/cri/methods.h"
#include "adapters/relay/judged_call.h"
#include "cri.pb.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/fake_runtime.h"
#include "fakes/test_authority.h"
#include "gate/admission/services.h"
#include "gate/gate/gate.h"
#include "gate/gate/report.h"
#include "gate/gate/snapshot.h"
#include "image/runtime/image_link.h"
#include "policy/file/parse.h"

// The judged calls over a runtime and a registry in memory: what no real containerd would do on demand.
namespace pullseal::cri {

namespace v1 = ::runtime::v1;
using admission::Services;
using fakes::SimpleSigningPayload;
using gate::Reason;
using relay::Forward;
using relay::GrpcStatus;
using relay::Handling;
using relay::JudgedCall;
using relay::JudgedCalls;
using relay::Method;
using relay::Ruling;

inline const std::string kLayer = "sha256:" + std::string(64, '1');
inline const std::string kOtherLayer = "sha256:" + std::string(64, '2');
inline const std::string kContainer(64, 'a');

class Recorder final : public gate::Reporter {
 public:
  Status Report(const gate::Event& event, const gate::Decision& decision, const gate::Snapshot*) override {
    lines.push_back(event.action + " " + std::string(judge::Slug(decision.reason)));
    namespaces.push_back(event.pod_namespace);
    events.push_back(event);
    return {};
  }
  void UnknownFields() override { ++unknown; }
  std::vector<std::string> lines;
  std::vector<std::string> namespaces;
  std::vector<gate::Event> events;
  int unknown = 0;
};

class JudgedCallsTest : public ::testing::Test {
 protected:
  JudgedCallsTest()
      : client_(http_, clock_, registry::Config{}),
        linker_(runtime_, oci::Platform{"linux", "amd64", ""}),
        gate_(client_, clock_, oci::Platform{"linux", "amd64", ""}, gate::Options{}) {
    auto policy = policy::ParsePolicy(
        "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\nkeys:\n  - {name: release, file: "
        "x}\nrules:\n"
        "  - name: app\n    match: {namespaces: [default], images: [\"reg.io/*\"]}\n    require: {signatures: {anyOf: "
        "[{key: release}]}}\n"
        "  - {name: lax, mode: allow, match: {namespaces: [lax], unsafe: true}}\n",
        [&](const std::string&) { return Result<std::string>(release_.PublicPem()); });
    snapshot_ = std::make_shared<const gate::Snapshot>(gate::Snapshot{*policy, std::map<std::string, std::string>{}});
    runtime_.sandboxes["pod"] = runtime::Sandbox{"pod", "p", "u", "default"};
    runtime_.sandboxes["laxpod"] = runtime::Sandbox{"laxpod", "p", "u", "lax"};
    id_ = runtime_.AddImage("reg.io/app:1", kLayer);
    Sign("app", runtime_.ManifestOf("reg.io/app:1"));
    Make();
  }
  void Make() {
    services_ = std::make_shared<const Services>(
        Services{gate_, runtime_, linker_, reports_, claims_, [this] { return snapshot_; },
                 [this](const std::string& id) { created_.push_back(id); }, settings_});
    calls_ = MakeJudgedCalls(services_);
  }
  void UsePolicy(const std::string& rest) {
    auto policy = policy::ParsePolicy("apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: t}\n" + rest,
                                      [](const std::string&) {
                                        return Error{ErrorCode::kNotFound, "no file"};
                                      });
    ASSERT_TRUE(policy.ok()) << policy.error().message;
    snapshot_ = std::make_shared<const gate::Snapshot>(gate::Snapshot{*policy, std::map<std::string, std::string>{}});
  }
  void Sign(const std::string& repository, const std::string& digest) {
    const std::string payload = SimpleSigningPayload("reg.io/" + repository, digest);
    http_.PutSignatures("reg.io", repository, digest, {{payload, release_.SignBase64(payload)}});
  }
  // The registry has what the store's record `name` leads to, under its tag too.
  void Publish(const std::string& name) {
    const auto reference = oci::Reference::Parse(name);
    const std::string digest = runtime_.records.at(reference->Text());
    http_.PutManifest(reference->host(), reference->path(), reference->tag(), runtime_.content.at(digest),
                      fakes::kImageType);
  }
  std::shared_ptr<JudgedCall> New(const std::string& path) { return calls_->New(*FindMethod(path)); }
  std::shared_ptr<JudgedCall> NewCreate() { return New("/runtime.v1.RuntimeService/CreateContainer"); }
  SteadyTime Deadline() { return clock_.Steady() + std::chrono::seconds(20); }
  static std::string Slug(const Ruling& ruling) {
    const auto* refusal = std::get_if<GrpcStatus>(&ruling);
    if (refusal == nullptr) return "forward";
    std::string text = refusal->message;
    for (int i = 0; i <= static_cast<int>(Reason::kAuditUnavailable); ++i) {
      const std::string slug(judge::Slug(static_cast<Reason>(i)));
      if (text.find(": " + slug + ": ") != std::string::npos || text.starts_with(slug + ": ")) return slug;
    }
    return "code " + std::to_string(static_cast<int>(refusal->code));
  }
  v1::CreateContainerRequest CreateRequest(const std::string& image, const std::string& claimed = "reg.io/app:1") {
    v1::CreateContainerRequest request;
    request.set_pod_sandbox_id("pod");
    request.mutable_config()->mutable_image()->set_image(image);
    request.mutable_config()->mutable_image()->set_user_specified_image(claimed);
    return request;
  }
  std::string Create(const v1::CreateContainerRequest& request) {
    return Slug(NewCreate()->Before(request.SerializeAsString(), Deadline()));
  }
  // Creates and concludes with a container that stands on `parent`.
  std::string CreateOn(const std::string& parent, const std::string& snapshotter = "overlayfs") {
    const auto call = NewCreate();
    EXPECT_EQ("forward", Slug(call->Before(CreateRequest(id_).SerializeAsString(), Deadline())));
    runtime_.containers[kContainer] = runtime::Container{kContainer, snapshotter, parent, id_, "pod", "", "c"};
    v1::CreateContainerResponse response;
    response.set_container_id(kContainer);
    const auto answer = call->After(response.SerializeAsString(), Deadline());
    return answer ? Slug(*answer) : "released";
  }
  std::string Start(const std::string& id = kContainer) {
    v1::StartContainerRequest request;
    request.set_container_id(id);
    return Slug(New("/runtime.v1.RuntimeService/StartContainer")->Before(request.SerializeAsString(), Deadline()));
  }
  std::string Sandbox(const std::string& pod_namespace = "default") {
    v1::RunPodSandboxRequest request;
    request.mutable_config()->mutable_metadata()->set_namespace_(pod_namespace);
    return Slug(New("/runtime.v1.RuntimeService/RunPodSandbox")->Before(request.SerializeAsString(), Deadline()));
  }
  v1::PullImageRequest PullRequest(const std::string& image) {
    v1::PullImageRequest request;
    request.mutable_image()->set_image(image);
    request.mutable_sandbox_config()->mutable_metadata()->set_namespace_("default");
    return request;
  }
  Ruling Pull(const v1::PullImageRequest& request) {
    return New("/runtime.v1.ImageService/PullImage")->Before(request.SerializeAsString(), Deadline());
  }

  fakes::FakeClock clock_;
  fakes::FakeRegistry http_;
  fakes::FakeRuntime runtime_;
  fakes::TestAuthority release_;
  registry::Client client_;
  runtime::Linker linker_;
  gate::Gate gate_;
  Recorder reports_;
  admission::Claims claims_;
  admission::Settings settings_;
  std::shared_ptr<const Services> services_;
  std::vector<std::string> created_;
  gate::SnapshotPtr snapshot_;
  std::unique_ptr<JudgedCalls> calls_;
  std::string id_;
};

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_JUDGED_CALLS_FIXTURE_H_
