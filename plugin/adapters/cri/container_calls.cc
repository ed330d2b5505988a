// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include "adapters/cri/call_steps.h"
#include "adapters/cri/container_judge.h"
#include "core/base/log.h"
#include "image/runtime/limits.h"

namespace pullseal::cri {
namespace {

using gate::Decision;
using gate::Reason;
namespace v1 = ::runtime::v1;

// containerd 2.1 to 2.3 try every image string as the path of a checkpoint archive first, so a string that looks like a
// path never gets there.
bool LooksLikePath(std::string_view image) {
  return image.starts_with('/') || image.starts_with("./") || image.starts_with("../") || image.ends_with(".tar") ||
         image.ends_with(".tar.gz");
}

bool IsFullId(std::string_view id) {
  return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// StartContainer: every container is compared, also one that was created before us or around us. Nothing is remembered
// from its creation: all is asked of the runtime again.
class StartCall final : public CallSteps {
 public:
  using CallSteps::CallSteps;

  Ruling Before(const std::string& bytes, SteadyTime deadline) override {
    v1::StartContainerRequest request;
    if (!request.ParseFromString(bytes)) return MalformedMessage();
    const auto snapshot = services().snapshot();
    gate::Event event;
    event.action = "start";
    if (snapshot == nullptr) {
      if (auto refusal = Conclude(event, nullptr, Reason::kPolicyUnavailable, "no policy is loaded")) return *refusal;
    }
    if (RefusesUnknown(MethodKind::kStart, bytes)) {
      if (auto refusal = Conclude(event, snapshot.get(), Reason::kRequestMalformed, "unknown fields")) return *refusal;
    }
    if (!IsFullId(request.container_id())) {
      auto full = services().runtime.ResolveContainer(request.container_id(), deadline);
      if (!full) return NotThere(full.error(), event, snapshot.get(), bytes);
      request.set_container_id(*full);
    }
    auto container = services().runtime.FindContainer(request.container_id(), deadline);
    if (!container) return NotThere(container.error(), event, snapshot.get(), bytes);
    Decision decision = JudgeContainer(services(), *snapshot, *container, deadline, event);
    if (auto refusal = Conclude(event, snapshot.get(), std::move(decision))) return *refusal;
    return Forward{request.SerializeAsString()};
  }

  std::optional<GrpcStatus> After(const std::string&, SteadyTime) override { return std::nullopt; }

  void Observe(const std::string& bytes, const std::optional<std::string>&, SteadyTime deadline) override {
    v1::StartContainerRequest request;
    const auto snapshot = services().snapshot();
    if (snapshot == nullptr || !request.ParseFromString(bytes)) return;
    gate::Event event;
    event.action = "start";
    auto container = services().runtime.FindContainer(request.container_id(), deadline);
    if (!container) return;
    Decision decision = JudgeContainer(services(), *snapshot, *container, deadline, event);
    (void)Conclude(event, snapshot.get(), std::move(decision));
  }

 private:
  Ruling NotThere(const Error& error, const gate::Event& event, const gate::Snapshot* snapshot,
                  const std::string& bytes) {
    if (error.code == ErrorCode::kNotFound) return GrpcStatus{GrpcCode::kNotFound, "the container does not exist"};
    auto refusal = Conclude(event, snapshot, gate::ReasonForRuntime(error), error.message);
    if (refusal) return *refusal;
    return Forward{bytes};  // the policy went into audit mode meanwhile
  }
};

// CreateContainer: whatever names the image is resolved to its full ID, and the request goes on with that ID; the ID is
// proven to be signed content; image volumes alike; after the runtime answered, the new container's root file system is
// compared with the image that was judged.
class CreateCall final : public CallSteps {
 public:
  using CallSteps::CallSteps;

  Ruling Before(const std::string& bytes, SteadyTime deadline) override {
    deadline_ = deadline;
    if (!request_.ParseFromString(bytes)) return MalformedMessage();
    snapshot_ = services().snapshot();
    Describe();
    if (snapshot_ == nullptr) {
      if (auto refusal = Conclude(event_, nullptr, Reason::kPolicyUnavailable, "no policy is loaded")) return *refusal;
    }
    if (RefusesUnknown(MethodKind::kCreate, bytes)) {
      if (auto refusal = Conclude(event_, snapshot_.get(), Reason::kRequestMalformed, "unknown fields"))
        return *refusal;
    }
    if (auto answer = FindPod()) return *answer;
    if (auto answer = JudgeImage()) return *answer;
    for (v1::Mount& mount : *request_.mutable_config()->mutable_mounts()) {
      if (!mount.has_image()) continue;
      if (auto answer = JudgeVolume(mount)) return *answer;
    }
    return Forward{request_.SerializeAsString()};
  }

  std::optional<GrpcStatus> After(const std::string& bytes, SteadyTime deadline) override {
    v1::CreateContainerResponse response;
    if (!response.ParseFromString(bytes) || response.container_id().empty()) {
      return Conclude(event_, snapshot_.get(), Reason::kImageLinkUnproven, "CreateContainer: malformed answer");
    }
    services().claims.Remember(response.container_id(), request_.config().image().user_specified_image());
    services().created(response.container_id());
    question_.deadline = deadline;
    auto container = services().runtime.FindContainer(response.container_id(), deadline);
    Decision decision = container ? images().CompareRootfs(*snapshot_, question_, answer_, *container)
                                  : gate::Refuse(gate::ReasonForRuntime(container.error()), container.error().message);
    // An allowed container was recorded before it was created; only what changed since is told again.
    if (decision.reason == answer_.decision.reason) return std::nullopt;
    auto refusal = Conclude(event_, snapshot_.get(), std::move(decision));
    if (!refusal) return std::nullopt;
    Remove(response.container_id());
    return refusal;
  }

  void Observe(const std::string& bytes, const std::optional<std::string>& answer, SteadyTime deadline) override {
    deadline_ = deadline;
    v1::CreateContainerResponse response;
    snapshot_ = services().snapshot();
    if (snapshot_ == nullptr || !request_.ParseFromString(bytes)) return;
    if (!answer || !response.ParseFromString(*answer)) return;
    services().created(response.container_id());
    Describe();
    if (FindPod()) return;
    if (auto container = services().runtime.FindContainer(response.container_id(), deadline)) {
      Decision decision = JudgeContainer(services(), *snapshot_, *container, deadline, event_);
      (void)Conclude(event_, snapshot_.get(), std::move(decision));
    }
    for (v1::Mount& mount : *request_.mutable_config()->mutable_mounts()) {
      if (mount.has_image()) (void)JudgeVolume(mount);
    }
  }

 private:
  void Describe() {
    event_.action = "create";
    event_.container = request_.config().metadata().name();
    const v1::ImageSpec& image = request_.config().image();
    event_.image = image.user_specified_image().empty() ? image.image() : image.user_specified_image();
  }

  // The pod is the one the sandbox was created for, whatever the request says of it.
  std::optional<GrpcStatus> FindPod() {
    auto sandbox = services().runtime.FindSandbox(request_.pod_sandbox_id(), deadline_);
    if (!sandbox && sandbox.error().code == ErrorCode::kNotFound) {
      return GrpcStatus{GrpcCode::kNotFound, "the pod's sandbox does not exist"};
    }
    if (!sandbox) {
      return Conclude(event_, snapshot_.get(), gate::ReasonForRuntime(sandbox.error()), sandbox.error().message);
    }
    request_.set_pod_sandbox_id(sandbox->id);
    DescribePod(*sandbox, event_);
    return std::nullopt;
  }

  // What the runtime makes of an image string, or the answer that ends the call.
  std::variant<runtime::Image, GrpcStatus> Resolve(const std::string& text, const gate::Event& event) {
    const auto end = [&](Reason reason, std::string detail) -> std::variant<runtime::Image, GrpcStatus> {
      auto refusal = Conclude(event, snapshot_.get(), reason, std::move(detail));
      return refusal ? *refusal : GrpcStatus{GrpcCode::kUnavailable, "the image cannot be resolved"};
    };
    if (text.empty()) return end(Reason::kReferenceInvalid, "the request names no image");
    if (LooksLikePath(text)) return end(Reason::kCheckpointRefused, "the image is given as a path");
    auto image = services().runtime.ResolveImage(text, deadline_);
    if (image) return std::move(*image);
    if (image.error().code == ErrorCode::kNotFound) {
      return GrpcStatus{GrpcCode::kNotFound,
                        "image \"" + Printable(text, 300) + "\" is not on this node; it must be pulled first"};
    }
    return end(gate::ReasonForRuntime(image.error()), image.error().message);
  }

  std::optional<GrpcStatus> JudgeImage() {
    v1::ImageSpec& spec = *request_.mutable_config()->mutable_image();
    auto resolved = Resolve(spec.image(), event_);
    if (auto* answer = std::get_if<GrpcStatus>(&resolved)) return std::move(*answer);
    const auto& image = std::get<runtime::Image>(resolved);
    event_.image_id = image.id;
    question_ = ImageQuestion{
        image.id, ImageJudge::StoreNames(image), spec.user_specified_image(), event_.pod_namespace, {}, deadline_};
    answer_ = images().Judge(*snapshot_, question_);
    spec.set_image(image.id);
    if (!spec.image_ref().empty()) spec.set_image_ref(image.id);
    return Conclude(event_, snapshot_.get(), answer_.decision);
  }

  // containerd mounts what the store's record named by the mount's image string points at. The string is set to the ID,
  // so that this is the record named by the ID, and that record must lead to this very image.
  std::optional<GrpcStatus> JudgeVolume(v1::Mount& mount) {
    v1::ImageSpec& spec = *mount.mutable_image();
    gate::Event event = event_;
    event.action = "volume";
    event.image = spec.user_specified_image().empty() ? spec.image() : spec.user_specified_image();
    auto resolved = Resolve(spec.image(), event);
    if (auto* answer = std::get_if<GrpcStatus>(&resolved)) return std::move(*answer);
    const auto& image = std::get<runtime::Image>(resolved);
    event.image_id = image.id;
    auto record = services().runtime.FindRecords({image.id}, deadline_);
    if (!record)
      return Conclude(event, snapshot_.get(), gate::ReasonForRuntime(record.error()), record.error().message);
    const ImageQuestion question{
        image.id, ImageJudge::StoreNames(image), spec.user_specified_image(), event_.pod_namespace, {}, deadline_};
    Decision decision = images().Judge(*snapshot_, question).decision;
    if (!LeadsTo(*record, image.id)) {
      decision = gate::Refuse(Reason::kImageLinkUnproven, "the record " + image.id + " leads to another image");
    }
    spec.set_image(image.id);
    if (!spec.image_ref().empty()) spec.set_image_ref(image.id);
    return Conclude(event, snapshot_.get(), std::move(decision));
  }

  bool LeadsTo(const std::vector<runtime::StoreRecord>& records, const std::string& image_id) {
    auto id = oci::Digest::Parse(image_id);
    if (!id || records.size() != 1) return false;
    auto links = services().linker.ProveImage(records, *id, deadline_);
    return links && !links->empty();
  }

  // The container was created from content that was not judged. If it cannot be removed, it still cannot be started
  // through us.
  void Remove(const std::string& container_id) {
    const Status removed =
        services().runtime.RemoveContainer(container_id, std::chrono::steady_clock::now() + limits::kRuntimeCallTime);
    if (!removed) log::Warn("a refused container could not be removed: " + removed.error().message);
  }

  SteadyTime deadline_;
  v1::CreateContainerRequest request_;
  gate::SnapshotPtr snapshot_;
  gate::Event event_;
  ImageQuestion question_;
  ImageAnswer answer_;
};

}  // namespace

std::shared_ptr<JudgedCall> NewCreateCall(std::shared_ptr<const Services> services) {
  return std::make_shared<CreateCall>(std::move(services));
}

std::shared_ptr<JudgedCall> NewStartCall(std::shared_ptr<const Services> services) {
  return std::make_shared<StartCall>(std::move(services));
}

}  // namespace pullseal::cri
