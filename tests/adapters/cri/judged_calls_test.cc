// SPDX-License-Identifier: Apache-2.0
// The judged calls over a runtime and a registry in memory: what no real containerd would do on demand.
#include <gtest/gtest.h>

#include "adapters/cri/call_steps.h"
#include "adapters/cri/calls.h"
#include "adapters/cri/credentials.h"
#include "adapters/cri/describe.h"
#include "adapters/cri/limits.h"
#include "adapters/cri/unknown_fields.h"
#include "cri.pb.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_registry.h"
#include "fakes/fake_runtime.h"
#include "fakes/test_authority.h"
#include "gate/admission/container_judge.h"
#include "gate/admission/limits.h"
#include "gate/gate/gate.h"
#include "gate/gate/snapshot.h"
#include "image/runtime/image_link.h"
#include "policy/file/parse.h"

namespace pullseal::cri {
namespace {

namespace v1 = ::runtime::v1;
using fakes::SimpleSigningPayload;
using gate::Reason;
using relay::Handling;
using relay::JudgedCalls;
using relay::Method;

const std::string kLayer = "sha256:" + std::string(64, '1');
const std::string kOtherLayer = "sha256:" + std::string(64, '2');
const std::string kContainer(64, 'a');

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

TEST_F(JudgedCallsTest, UnknownFieldsSurviveAreCountedAndCanBeRefused) {
  const std::string unknown("\xfa\x7f\x03new", 6);  // field 2047, length-delimited
  const std::string bytes = CreateRequest(id_).SerializeAsString() + unknown;
  const Ruling ruling = NewCreate()->Before(bytes, Deadline());
  ASSERT_EQ("forward", Slug(ruling));
  EXPECT_NE(std::string::npos, std::get<Forward>(ruling).message.find("new"));
  EXPECT_EQ(1, reports_.unknown);
  settings_.deny_unknown_fields = true;
  Make();
  EXPECT_EQ("request-malformed", Slug(NewCreate()->Before(bytes, Deadline())));
  EXPECT_EQ("request-malformed",
            Slug(New("/runtime.v1.ImageService/PullImage")
                     ->Before(PullRequest("reg.io/app:1").SerializeAsString() + unknown, Deadline())));
  EXPECT_EQ("request-malformed",
            Slug(New("/runtime.v1.RuntimeService/StartContainer")->Before("\x0a\x01x" + unknown, Deadline())));
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
}

TEST_F(JudgedCallsTest, MessagesThatDoNotParseAreRefused) {
  for (const char* path : {"/runtime.v1.ImageService/PullImage", "/runtime.v1.RuntimeService/CreateContainer",
                           "/runtime.v1.RuntimeService/StartContainer", "/runtime.v1.RuntimeService/RunPodSandbox"}) {
    for (const std::string& bytes :
         {std::string("\xff"), std::string("\x0a\x05x"), std::string("\x0a\x02\xc0\x80", 4)}) {
      EXPECT_EQ("forward" == Slug(New(path)->Before(bytes, Deadline())), false) << path;
    }
  }
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

// Two manifests share a config (and so an image ID), one signed, one not: with a snapshotter that compares diff IDs
// they are one content; with a lazy one they are not.
TEST_F(JudgedCallsTest, LazySnapshottersNeedEveryRecordSigned) {
  EXPECT_EQ(id_, runtime_.AddImage("reg.io/app:2", kLayer, R"(,"annotations":{"other":"layers"})"));
  EXPECT_EQ("released", CreateOn(kLayer, "overlayfs"));
  for (const char* lazy : {"stargz", "overlaybd", "nydus", "unheard-of"})
    EXPECT_EQ("signature-missing", CreateOn(kLayer, lazy)) << lazy;
  Sign("app", runtime_.ManifestOf("reg.io/app:2"));
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_EQ("released", CreateOn(kLayer, "stargz"));
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

TEST_F(JudgedCallsTest, RuntimeThatIsAwayIsCouldNotDecide) {
  runtime_.away = true;
  EXPECT_EQ("runtime-unreachable", Create(CreateRequest(id_)));
  EXPECT_EQ("runtime-unreachable", Start());
  v1::RunPodSandboxRequest request;
  request.mutable_config()->mutable_metadata()->set_namespace_("default");
  EXPECT_EQ("runtime-unreachable",
            Slug(New("/runtime.v1.RuntimeService/RunPodSandbox")->Before(request.SerializeAsString(), Deadline())));
}

// The policy can go into audit mode between the moment a call is held and the moment it is judged.
TEST_F(JudgedCallsTest, CallsHeldWhileThePolicyGoesIntoAuditModeGoOn) {
  gate::Snapshot audit = *snapshot_;
  audit.policy.mode = policy::Mode::kAudit;
  snapshot_ = std::make_shared<const gate::Snapshot>(std::move(audit));
  for (const bool away : {true, false}) {
    runtime_.away = away;
    EXPECT_EQ("forward", Start()) << "also what is not there: the runtime says so itself";
    EXPECT_EQ("forward", Slug(Pull(PullRequest("other.io/x"))));
    v1::RunPodSandboxRequest request;
    request.mutable_config()->mutable_metadata()->set_namespace_("default");
    EXPECT_EQ("forward",
              Slug(New("/runtime.v1.RuntimeService/RunPodSandbox")->Before(request.SerializeAsString(), Deadline())));
  }
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

// containerd mounts what the record named by the image string points at: the one that was judged, by its digest.
TEST_F(JudgedCallsTest, AVolumeGoesOnAsTheRecordThatWasJudged) {
  const std::string good = runtime_.ManifestOf("reg.io/app:1");
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/tenant/y:1", kLayer, R"(,"annotations":{"other":"layers"})"));
  ASSERT_NE(good, runtime_.records[id_]) << "a pull of the same config moved the ID's record";
  for (const std::string& image : {std::string("reg.io/app:1"), id_}) {
    auto request = CreateRequest(id_);
    request.mutable_config()->add_mounts()->mutable_image()->set_image(image);
    request.mutable_config()->mutable_mounts(0)->mutable_image()->set_user_specified_image("reg.io/app:1");
    const Ruling ruling = NewCreate()->Before(request.SerializeAsString(), Deadline());
    ASSERT_EQ("forward", Slug(ruling));
    v1::CreateContainerRequest forwarded;
    ASSERT_TRUE(forwarded.ParseFromString(std::get<Forward>(ruling).message));
    EXPECT_EQ("reg.io/app@" + good, forwarded.config().mounts(0).image().image());
  }
  EXPECT_EQ(good, runtime_.records["reg.io/app@" + good]) << "made where the store had only a tag";
  EXPECT_EQ(std::vector<std::string>{"reg.io/app@" + good}, runtime_.tagged) << "once";
}

TEST_F(JudgedCallsTest, AVolumesRecordThatLeadsElsewhereIsUnproven) {
  auto request = CreateRequest(id_);
  request.mutable_config()->add_mounts()->mutable_image()->set_image("reg.io/app:1");
  runtime_.AddImage("reg.io/evil:1", kOtherLayer);
  runtime_.records["reg.io/app@" + runtime_.ManifestOf("reg.io/app:1")] = runtime_.ManifestOf("reg.io/evil:1");
  EXPECT_EQ("image-link-unproven", Create(request));
}

TEST_F(JudgedCallsTest, AVolumeThatNobodyNamesIsNotGuessed) {
  auto request = CreateRequest(id_);
  request.mutable_config()->add_mounts()->mutable_image()->set_image(id_);
  EXPECT_EQ("runtime-unreachable", Create(request));
}

// What the runtime is too slow to tell is not known: neither "leads elsewhere" nor "leads there".
TEST_F(JudgedCallsTest, AVolumesRecordThatCannotBeReadIsCouldNotDecide) {
  auto request = CreateRequest(id_);
  request.mutable_config()->add_mounts()->mutable_image()->set_image("reg.io/volume:1");
  ASSERT_NE(id_, runtime_.AddImage("reg.io/volume:1", kOtherLayer));
  const std::string manifest = runtime_.ManifestOf("reg.io/volume:1");
  Sign("volume", manifest);
  for (const ErrorCode code : {ErrorCode::kTimeout, ErrorCode::kUnreachable, ErrorCode::kRemote}) {
    runtime_.trouble.insert_or_assign(manifest, Error{code, "slow"});
    EXPECT_EQ("runtime-unreachable", Create(request)) << static_cast<int>(code);
  }
  for (const ErrorCode code : {ErrorCode::kLimit, ErrorCode::kMismatch}) {
    runtime_.trouble.insert_or_assign(manifest, Error{code, "certain"});
    EXPECT_EQ("image-link-unproven", Create(request)) << static_cast<int>(code);
  }
  runtime_.trouble.clear();
  EXPECT_EQ("forward", Create(request));
}

// A record's error counts if the record is of the claimed repository and no link was good; then it is no denial.
TEST_F(JudgedCallsTest, ARecordThatCannotBeReadIsCouldNotDecideBesideABadOneOnly) {
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:unsigned", kLayer, R"(,"annotations":{"other":"manifest"})"));
  ASSERT_EQ("forward", Create(CreateRequest(id_)));
  const std::string good = runtime_.ManifestOf("reg.io/app:1");
  runtime_.trouble.insert_or_assign(good, Error{ErrorCode::kTimeout, "slow"});
  linker_.Forget();
  EXPECT_EQ("runtime-unreachable", Create(CreateRequest(id_)));
  runtime_.trouble.clear();
  runtime_.trouble.insert_or_assign(runtime_.ManifestOf("reg.io/app:unsigned"), Error{ErrorCode::kTimeout, "slow"});
  linker_.Forget();
  EXPECT_EQ("forward", Create(CreateRequest(id_))) << "the good link is enough";
}

TEST_F(JudgedCallsTest, AnothersRecordThatCannotBeReadCostsNothing) {
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/other/tenant:1", kLayer, R"(,"annotations":{"other":"manifest"})"));
  runtime_.trouble.insert_or_assign(runtime_.ManifestOf("reg.io/other/tenant:1"), Error{ErrorCode::kTimeout, "slow"});
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
  EXPECT_EQ("image-name-mismatch", Create(CreateRequest(id_, "reg.io/nothing:1"))) << "certain: no such repository";
}

// A tenant's manifest with somebody else's config, marked as a checkpoint, stops nobody.
TEST_F(JudgedCallsTest, AnothersCheckpointOfTheSameIdCostsNothing) {
  const std::string mark = R"(,"annotations":{"org.criu.checkpoint.container.name":"x"})";
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/tenant/x:1", kLayer, mark));
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
  runtime_.sandbox_image = "reg.io/app:1";
  EXPECT_EQ("forward", Sandbox());
  EXPECT_EQ("checkpoint-refused", Create(CreateRequest(id_, "reg.io/tenant/x:1")));
}

TEST_F(JudgedCallsTest, TheClaimedRecordMarkedAsACheckpointIsRefused) {
  const std::string mark = R"(,"annotations":{"org.criu.checkpoint.container.name":"x"})";
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:checkpoint", kLayer, mark));
  Sign("app", runtime_.ManifestOf("reg.io/app:checkpoint"));
  EXPECT_EQ("checkpoint-refused", Create(CreateRequest(id_, "reg.io/app:checkpoint")));
  EXPECT_EQ("forward", Create(CreateRequest(id_))) << "another record of the repository is not the one that is named";
}

// However many names others have for an ID, nothing is asked whose answer grows with them, and nothing is cut.
TEST_F(JudgedCallsTest, ManyNamesOfOthersHideNothing) {
  const std::string manifest = runtime_.ManifestOf("reg.io/app:1");
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "aaa.io/t/x:" + std::to_string(i);
    runtime_.records[name] = manifest;
    runtime_.images[id_].repo_tags.insert(runtime_.images[id_].repo_tags.begin(), name);
  }
  runtime_.sandbox_image = "reg.io/app:1";
  runtime_.resolved.clear();
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
  EXPECT_EQ("forward", Sandbox());
  runtime_.containers[kContainer] =
      runtime::Container{kContainer, "overlayfs", kLayer, id_, "pod", "reg.io/app:1", "c", "", false};
  EXPECT_EQ("forward", Start());
  EXPECT_TRUE(runtime_.resolved.empty()) << runtime_.resolved.front();
}

// The record named by the ID is re-pointed by every pull of that config: it may lend its digest, and never refuses.
TEST_F(JudgedCallsTest, TheIdsOwnRecordHelpsAndNeverRefuses) {
  const std::string good = runtime_.ManifestOf("reg.io/app:1");
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/tenant/y:1", kLayer, R"(,"annotations":{"other":"layers"})"));
  runtime_.trouble.insert_or_assign(runtime_.records[id_], Error{ErrorCode::kTimeout, "slow"});
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
  runtime_.trouble.clear();
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:1", kLayer, R"(,"annotations":{"unsigned":"manifest"})"));
  EXPECT_EQ("signature-missing", Create(CreateRequest(id_)));
  clock_.Advance(std::chrono::minutes(1));
  runtime_.records[id_] = good;
  EXPECT_EQ("forward", Create(CreateRequest(id_)));
}

// A repository with more records than are looked at is not taken for one without a good record.
TEST_F(JudgedCallsTest, MoreRecordsOfARepositoryThanAreLookedAtAreCouldNotDecide) {
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:1", kLayer, R"(,"annotations":{"unsigned":"manifest"})"));
  EXPECT_EQ("signature-missing", Create(CreateRequest(id_)));
  for (std::size_t i = 0; i <= limits::kRepositoryTargets; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, 64 - number.size(), '0');
    runtime_.records["reg.io/app:n" + number.substr(56)] = "sha256:" + number;
  }
  EXPECT_EQ("runtime-unreachable", Create(CreateRequest(id_)));
}

// A deny rule for the digest that the named record leads to is not passed by another record of the repository.
TEST_F(JudgedCallsTest, ADeniedRecordIsDeniedWhateverElseTheRepositoryHas) {
  const std::string denied = runtime_.ManifestOf("reg.io/app:1");
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:2", kLayer, R"(,"annotations":{"other":"manifest"})"));
  UsePolicy("rules:\n  - {name: bad, mode: deny, match: {digests: [\"" + denied +
            "\"]}}\n  - {name: mine, mode: allow, match: {images: [\"reg.io/*\"]}}\n");
  EXPECT_EQ("rule-denies", Create(CreateRequest(id_, "reg.io/app:1")));
  EXPECT_EQ("forward", Create(CreateRequest(id_, "reg.io/app:2")));
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

// Under a rule that asks for nothing, too; and the record that stood there before stands there again.
TEST_F(JudgedCallsTest, CheckpointImagesAreRefusedWhenTheyArePulled) {
  const std::string before = runtime_.ManifestOf("reg.io/app:1");
  auto request = PullRequest("reg.io/app:1");
  request.mutable_sandbox_config()->mutable_metadata()->set_namespace_("lax");
  const auto call = New("/runtime.v1.ImageService/PullImage");
  ASSERT_EQ("forward", Slug(call->Before(request.SerializeAsString(), Deadline())));
  // What the pull does to containerd's store:
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:1", kLayer, R"(,"annotations":{"org.criu.checkpoint.x":"y"})"));
  const std::string marked = runtime_.ManifestOf("reg.io/app:1");
  runtime_.records["reg.io/app@" + marked] = marked;
  runtime_.records["reg.io/app:good"] = before;
  runtime_.images[id_].repo_tags.push_back("reg.io/app:good");
  v1::PullImageResponse response;
  response.set_image_ref(id_);
  EXPECT_EQ("checkpoint-refused", Slug(*call->After(response.SerializeAsString(), Deadline())));
  EXPECT_EQ("pull checkpoint-refused", reports_.lines.back());
  EXPECT_EQ(before, runtime_.records["reg.io/app:1"]);
  EXPECT_EQ(before, runtime_.records[id_]) << "another good record leads to that ID";
  EXPECT_FALSE(runtime_.records.contains("reg.io/app@" + marked));
}

TEST_F(JudgedCallsTest, NothingIsTakenOutOfTheStoreWhereNothingIsRefused) {
  auto request = PullRequest("reg.io/app:1");
  request.mutable_sandbox_config()->mutable_metadata()->set_namespace_("lax");
  const auto call = New("/runtime.v1.ImageService/PullImage");
  ASSERT_EQ("forward", Slug(call->Before(request.SerializeAsString(), Deadline())));
  ASSERT_EQ(id_, runtime_.AddImage("reg.io/app:1", kLayer, R"(,"annotations":{"org.criu.checkpoint.x":"y"})"));
  const auto records = runtime_.records;
  runtime_.trouble.insert_or_assign(runtime_.ManifestOf("reg.io/app:1"), Error{ErrorCode::kTimeout, "slow"});
  v1::PullImageResponse response;
  response.set_image_ref(id_);
  EXPECT_EQ("runtime-unreachable", Slug(*call->After(response.SerializeAsString(), Deadline())));
  EXPECT_EQ(records, runtime_.records) << "what cannot be read is not known to be bad";
}

// Every answer of ours is recorded, with what could be read of the request.
TEST_F(JudgedCallsTest, EveryRefusalIsRecordedWithPodAndImage) {
  const auto last = [&] { return reports_.events.back(); };
  for (const char* path : {"/runtime.v1.ImageService/PullImage", "/runtime.v1.RuntimeService/CreateContainer",
                           "/runtime.v1.RuntimeService/StartContainer", "/runtime.v1.RuntimeService/RunPodSandbox"}) {
    const std::size_t before = reports_.lines.size();
    const Ruling ruling = New(path)->Before("\xff", Deadline());
    EXPECT_EQ(relay::GrpcCode::kInvalidArgument, std::get<GrpcStatus>(ruling).code);
    ASSERT_EQ(before + 1, reports_.lines.size()) << path;
    EXPECT_TRUE(reports_.lines.back().ends_with(" request-malformed")) << reports_.lines.back();
  }
  const std::string pull = PullRequest("reg.io/app:1").SerializeAsString();
  (void)New("/runtime.v1.ImageService/PullImage")->Before(pull + "\xff", Deadline());
  EXPECT_EQ("reg.io/app:1", last().image);
  EXPECT_EQ("default", last().pod_namespace);
  const Method& method = *FindMethod("/runtime.v1.ImageService/PullImage");
  EXPECT_NE(std::string::npos, calls_->Overloaded(method, pull).message.find("reg.io/app:1: overloaded: "));
  EXPECT_EQ("pull overloaded", reports_.lines.back());
  EXPECT_EQ("default", last().pod_namespace);
  (void)calls_->Malformed(method, "cut short", std::string_view(pull).substr(0, pull.size() - 3));
  EXPECT_EQ("pull request-malformed", reports_.lines.back());
  EXPECT_EQ("reg.io/app:1", last().image);
}

TEST_F(JudgedCallsTest, WhatIsNotThereIsRecordedAndNotFound) {
  const auto answer = [&](const v1::CreateContainerRequest& request) {
    return std::get<GrpcStatus>(NewCreate()->Before(request.SerializeAsString(), Deadline()));
  };
  EXPECT_EQ(relay::GrpcCode::kNotFound, answer(CreateRequest("reg.io/not/here:1", "reg.io/not/here:1")).code);
  EXPECT_EQ("create not-on-node", reports_.lines.back());
  EXPECT_EQ("reg.io/not/here:1", reports_.events.back().image);
  const std::string gone = "sha256:" + std::string(64, 'd');
  EXPECT_EQ(relay::GrpcCode::kNotFound, answer(CreateRequest(gone)).code);
  auto request = CreateRequest(id_);
  request.set_pod_sandbox_id("gone");
  EXPECT_EQ(relay::GrpcCode::kNotFound, answer(request).code);
  EXPECT_EQ("create not-on-node", reports_.lines.back());
  EXPECT_EQ("not-on-node", Start());
  EXPECT_EQ("start not-on-node", reports_.lines.back());
}

TEST_F(JudgedCallsTest, AStepThatFailedIsRecorded) {
  const auto call = NewCreate();
  (void)call->Before(CreateRequest(id_).SerializeAsString(), Deadline());
  const GrpcStatus answer = call->Failed("no memory");
  EXPECT_EQ("decision-failed", Slug(answer));
  EXPECT_EQ("create decision-failed", reports_.lines.back());
  EXPECT_EQ("reg.io/app:1", reports_.events.back().image);
  EXPECT_EQ("decision-failed", Slug(NewCreate()->Failed("before it began")));
}

// Broken and cut bytes give what there is; nothing is read twice as something else.
TEST(DescribeTest, ReadsWhatThereIs) {
  gate::Event event;
  DescribeRequest(MethodKind::kPull, std::string_view("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12), event);
  EXPECT_EQ("", event.image);
  DescribeRequest(MethodKind::kPull, std::string_view("\x0a\x7f\x0a\x7fhalf", 8), event);
  EXPECT_EQ("half", event.image);
  std::string many;
  for (std::size_t i = 0; i < 2 * limits::kDescribedFields; ++i) many += std::string("\x10\x01", 2);
  DescribeRequest(MethodKind::kPull, many + "\x0a\x03\x0a\x01x", event);
  EXPECT_EQ("", event.image) << "bounded";
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
  EXPECT_EQ("forward", Create(request));
}

TEST_F(JudgedCallsTest, PullGoesOnByDigestAndTheTagIsMade) {
  const std::string digest = http_.PutManifest("reg.io", "app", "new", fakes::ImageManifest(id_), fakes::kImageType);
  Sign("app", digest);
  const auto call = New("/runtime.v1.ImageService/PullImage");
  const Ruling ruling = call->Before(PullRequest("reg.io/app:new").SerializeAsString(), Deadline());
  ASSERT_EQ("forward", Slug(ruling));
  v1::PullImageRequest forwarded;
  ASSERT_TRUE(forwarded.ParseFromString(std::get<Forward>(ruling).message));
  EXPECT_EQ("reg.io/app@" + digest, forwarded.image().image());
  // What the pull puts into containerd's store:
  runtime_.content[digest] = fakes::ImageManifest(id_);
  runtime_.records["reg.io/app@" + digest] = digest;
  runtime_.images["reg.io/app:new"] = runtime_.images[id_];
  v1::PullImageResponse response;
  response.set_image_ref(id_);
  EXPECT_FALSE(call->After(response.SerializeAsString(), std::chrono::steady_clock::now() + std::chrono::seconds(60)));
  EXPECT_EQ(std::vector<std::string>{"reg.io/app:new"}, runtime_.tagged);
  EXPECT_EQ(digest, runtime_.records["reg.io/app:new"]);
}

TEST_F(JudgedCallsTest, PullThatCannotBeTaggedIsNotASuccess) {
  const std::string digest = http_.PutManifest("reg.io", "app", "new", fakes::ImageManifest(id_), fakes::kImageType);
  Sign("app", digest);
  const auto call = New("/runtime.v1.ImageService/PullImage");
  ASSERT_EQ("forward", Slug(call->Before(PullRequest("reg.io/app:new").SerializeAsString(), Deadline())));
  runtime_.away = true;
  v1::PullImageResponse response;
  response.set_image_ref(id_);
  EXPECT_EQ("runtime-unreachable", Slug(*call->After(response.SerializeAsString(), Deadline())));
}

TEST_F(JudgedCallsTest, PullsWithoutAnImageOrByOtherFieldsAreRefused) {
  EXPECT_EQ("reference-invalid", Slug(Pull(PullRequest(""))));
  auto request = PullRequest("");
  request.mutable_image()->set_user_specified_image("reg.io/app:1");
  request.mutable_image()->set_image_ref("reg.io/app:1");
  EXPECT_EQ("reference-invalid", Slug(Pull(request)));
  EXPECT_EQ("reference-invalid", Slug(Pull(PullRequest(id_.substr(7)))));
}

TEST_F(JudgedCallsTest, RefusalsAreTheSameOnEveryAttemptAndFitTheKubelet) {
  http_.PutManifest("reg.io", "app", "unsigned", fakes::ImageManifest(kLayer), fakes::kImageType);
  const auto text = [&] { return std::get<GrpcStatus>(Pull(PullRequest("reg.io/app:unsigned"))).message; };
  const std::string first = text();
  EXPECT_TRUE(first.starts_with("SignatureValidationFailed: reg.io/app:unsigned: rule \"app\": signature-missing: "))
      << first;
  EXPECT_EQ(first, text());
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(first, text());
  const std::string invalid = std::get<GrpcStatus>(Pull(PullRequest("x\n\x1b[31m" + std::string(5000, 'y')))).message;
  EXPECT_LE(invalid.size(), limits::kRefusalBytes);
  for (const char c : invalid) EXPECT_TRUE(c >= 0x20 && c < 0x7F);
}

TEST_F(JudgedCallsTest, CheckpointCallsFollowTheConfig) {
  const Method& checkpoint = *FindMethod("/runtime.v1.RuntimeService/CheckpointContainer");
  const Method& restore = *FindMethod("/runtime.v1.RuntimeService/RestorePod");
  EXPECT_EQ(Handling::kPass, calls_->HandlingOf(checkpoint));
  EXPECT_EQ(Handling::kHold, calls_->HandlingOf(restore));
  EXPECT_EQ("checkpoint-refused", Slug(calls_->New(restore)->Before("", Deadline())));
  settings_.deny_checkpoint = true;
  Make();
  EXPECT_EQ(Handling::kHold, calls_->HandlingOf(checkpoint));
  EXPECT_EQ("checkpoint-refused", Slug(calls_->New(checkpoint)->Before("", Deadline())));
}

TEST_F(JudgedCallsTest, WithoutAPolicyEverythingJudgedIsRefused) {
  snapshot_.reset();
  EXPECT_EQ("policy-unavailable", Create(CreateRequest(id_)));
  EXPECT_EQ("policy-unavailable", Start());
  EXPECT_EQ("policy-unavailable", Slug(Pull(PullRequest("reg.io/app:1"))));
}

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

// Near misses, other versions of the CRI and containerd's own services are not ours to forward.
TEST(MethodsTest, OnlyExactPathsAreKnown) {
  ASSERT_NE(nullptr, FindMethod("/runtime.v1.ImageService/PullImage"));
  EXPECT_EQ(MethodKind::kPull, KindOf(*FindMethod("/runtime.v1.ImageService/PullImage")));
  EXPECT_TRUE(FindMethod("/runtime.v1.RuntimeService/CreateContainer")->judged);
  EXPECT_FALSE(FindMethod("/runtime.v1.RuntimeService/Version")->judged);
  for (const char* path :
       {"", "/", "/containerd.services.images.v1.Images/List", "/runtime.v1alpha2.ImageService/PullImage",
        "/runtime.v1.RuntimeService/Version/", "/runtime.v1.RuntimeService/Version?x",
        "/runtime.v1.runtimeservice/Version", "/runtime.v1.RuntimeService/PullImage"}) {
    EXPECT_EQ(nullptr, FindMethod(path)) << path;
  }
}

TEST(CredentialsTest, FollowContainerdsOrderAndStayWithTheirHost) {
  v1::AuthConfig auth;
  auth.set_auth("dXNlcjpwYTpzcw==");
  EXPECT_EQ("pa:ss", CredentialsFor(auth).password.text());
  auth.set_identity_token("token");
  EXPECT_EQ("token", CredentialsFor(auth).identity_token.text());
  auth.set_username("u");
  auth.set_password("p");
  EXPECT_EQ("u", CredentialsFor(auth).username);
  EXPECT_TRUE(CredentialsFor(auth).identity_token.empty());
  EXPECT_EQ("", CredentialsFor(auth).server);
  for (const auto& [address, host] : {std::pair<const char*, const char*>{"reg.io", "reg.io"},
                                      {"https://reg.io/v2/", "reg.io"},
                                      {"https://reg.io:5000", "reg.io:5000"},
                                      {"https://x@reg.io", "x@reg.io"}}) {
    auth.set_server_address(address);
    EXPECT_EQ(host, CredentialsFor(auth).server);
  }
  v1::AuthConfig only_registry_token;
  only_registry_token.set_registry_token("x");
  EXPECT_TRUE(CredentialsFor(only_registry_token).empty());
}

// Whatever a policy says of everything, a canary is judged and refused, and recorded as what it is.
TEST_F(JudgedCallsTest, ACanaryIsRefusedUnderEveryPolicyAndForwardedOnlyInAuditMode) {
  const std::string name = "canary.pullseal.invalid/canary-1:1";
  EXPECT_EQ("signature-invalid", Slug(Pull(PullRequest(name))));
  EXPECT_EQ("canary signature-invalid", reports_.lines.back());
  UsePolicy("rules:\n  - {name: all, match: {unsafe: true}, mode: allow}\n");
  EXPECT_EQ("signature-invalid", Slug(Pull(PullRequest(name))));
  EXPECT_EQ("forward", Slug(Pull(PullRequest("reg.io/whatever:1")))) << "that policy allows everything else";
  UsePolicy("mode: audit\nrules:\n  - {name: x, match: {images: [\"reg.io/*\"]}, mode: allow}\n");
  reports_.lines.clear();
  const auto call = New("/runtime.v1.ImageService/PullImage");
  call->Observe(PullRequest(name).SerializeAsString(), std::nullopt, Deadline());
  EXPECT_EQ("canary signature-invalid", reports_.lines.back()) << "though the runtime could not pull it";
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
