// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "adapters/cri/call_steps.h"
#include "adapters/cri/limits.h"
#include "core/base/log.h"
#include "cri.pb.h"
#include "gate/admission/container_judge.h"
#include "gate/admission/image_judge.h"
#include "image/runtime/limits.h"

namespace pullseal::cri {
namespace {

using admission::ImageAnswer;
using admission::ImageQuestion;
using gate::Decision;
using gate::Reason;
namespace v1 = ::runtime::v1;

// containerd 2.1 to 2.3 try every image string as the path of a checkpoint archive first, so a string that looks like a
// path never gets there.
bool LooksLikePath(std::string_view image) {
  return image.starts_with('/') || image.starts_with("./") || image.starts_with("../") || image.ends_with(".tar") ||
         image.ends_with(".tar.gz");
}

// CreateContainer: whatever names the image is resolved to its full ID, and the request goes on with that ID; the ID is
// proven to be signed content; image volumes alike; after the runtime answered, the new container's root file system is
// compared with the image that was judged. Where neither the request nor the image string says what the image is
// called, the new container is judged by the record that it was created from, before it is answered.
class CreateCall final : public CallSteps {
 public:
  explicit CreateCall(std::shared_ptr<const Services> services)
      : CallSteps(std::move(services), MethodKind::kCreate), images_(this->services()) {}

  Ruling Before(const std::string& bytes, SteadyTime deadline) override {
    deadline_ = deadline;
    if (auto end = Begin(bytes, request_)) return *end;
    if (auto settled = FindPod()) return End(*settled, bytes);
    if (auto settled = JudgeImage(); settled && settled->refused()) return End(*settled, bytes);
    for (v1::Mount& mount : *request_.mutable_config()->mutable_mounts()) {
      if (!mount.has_image()) continue;
      if (auto refusal = JudgeVolume(mount)) return *refusal;
    }
    return Forward{request_.SerializeAsString()};
  }

  std::optional<GrpcStatus> After(const std::string& bytes, SteadyTime deadline) override {
    v1::CreateContainerResponse response;
    if (!response.ParseFromString(bytes) || response.container_id().empty()) {
      return Refusal(inquiry().Settle(Reason::kImageLinkUnproven, "CreateContainer: malformed answer"));
    }
    services().claims.Remember(response.container_id(), request_.config().image().user_specified_image());
    services().created(response.container_id());
    Decision decision = Compare(response.container_id(), deadline);
    // An allowed container was recorded before it was created; only what changed since is told again.
    if (answer_ && decision.reason == answer_->decision.reason) return std::nullopt;
    auto refusal = Refusal(inquiry().Settle(std::move(decision)));
    if (refusal) Remove(response.container_id());
    return refusal;
  }

  void Observe(const std::string& bytes, const std::optional<std::string>& answer, SteadyTime deadline) override {
    deadline_ = deadline;
    v1::CreateContainerResponse response;
    if (!BeginObserved(bytes, request_) || !answer) return;
    if (!response.ParseFromString(*answer)) {
      return (void)inquiry().Settle(Error{ErrorCode::kRemote, "CreateContainer: malformed answer"});
    }
    services().created(response.container_id());
    if (FindPod()) return;
    auto container = services().runtime.FindContainer(response.container_id(), deadline);
    (void)inquiry().Settle(container ? admission::JudgeContainer(inquiry(), *container, deadline)
                                     : NotShown(container.error()));
    for (v1::Mount& mount : *request_.mutable_config()->mutable_mounts()) {
      if (mount.has_image()) (void)SettleVolume(mount);
    }
  }

 private:
  // The pod is the one the sandbox was created for, whatever the request says of it.
  std::optional<Settled> FindPod() {
    auto sandbox = services().runtime.FindSandbox(request_.pod_sandbox_id(), deadline_);
    if (!sandbox && sandbox.error().code == ErrorCode::kNotFound) {
      return inquiry().Settle(Reason::kNotOnNode, "the pod's sandbox does not exist");
    }
    if (!sandbox) return inquiry().Settle(sandbox.error());
    request_.set_pod_sandbox_id(sandbox->id);
    admission::DescribePod(*sandbox, inquiry().event());
    return std::nullopt;
  }

  // The question about the image of `spec`, or the answer where it cannot even be asked.
  std::variant<ImageQuestion, Settled> AskAbout(const v1::ImageSpec& spec, Inquiry& inquiry) {
    if (spec.image().empty()) return inquiry.Settle(Reason::kReferenceInvalid, "the request names no image");
    if (LooksLikePath(spec.image())) {
      return inquiry.Settle(Reason::kCheckpointRefused, "the image is given as a path");
    }
    auto stored = images_.Resolve(spec.image(), deadline_);
    if (!stored && stored.error().code == ErrorCode::kNotFound) {
      return inquiry.Settle(Reason::kNotOnNode, stored.error().message);
    }
    if (!stored) return inquiry.Settle(stored.error());
    inquiry.event().image_id = stored->image_id;
    ImageQuestion question{.image_id = stored->image_id,
                           .claimed = std::move(stored->name),
                           .pod_namespace = inquiry.event().pod_namespace,
                           .credentials = {},
                           .deadline = deadline_};
    if (!spec.user_specified_image().empty()) {
      auto claimed = oci::Reference::Parse(spec.user_specified_image());
      if (!claimed) return inquiry.Settle(Reason::kReferenceInvalid, claimed.error().message);
      question.claimed = std::move(*claimed);
    }
    return question;
  }

  // Absent where nobody says what the image is called: then the container tells.
  std::optional<Settled> JudgeImage() {
    v1::ImageSpec& spec = *request_.mutable_config()->mutable_image();
    auto asked = AskAbout(spec, inquiry());
    if (auto* settled = std::get_if<Settled>(&asked)) return std::move(*settled);
    question_ = std::move(std::get<ImageQuestion>(asked));
    spec.set_image(question_.image_id);
    if (!spec.image_ref().empty()) spec.set_image_ref(question_.image_id);
    if (!question_.claimed) return std::nullopt;
    answer_ = images_.Judge(*inquiry().snapshot(), question_);
    return inquiry().Settle(answer_->decision);
  }

  // containerd mounts what the store's record named by the mount's image string points at. So the string becomes the
  // claimed repository's record of the very digest that was judged.
  std::optional<GrpcStatus> JudgeVolume(v1::Mount& mount) {
    Inquiry volume = VolumeInquiry(mount);
    v1::ImageSpec& spec = *mount.mutable_image();
    auto asked = AskAbout(spec, volume);
    if (const auto* settled = std::get_if<Settled>(&asked)) return Refusal(volume, *settled);
    const auto& question = std::get<ImageQuestion>(asked);
    const ImageAnswer answer = images_.Judge(*volume.snapshot(), question);
    if (auto refusal = Refusal(volume, volume.Settle(answer.decision))) return refusal;
    if (!answer.link) return std::nullopt;
    volumes_.push_back(answer);
    const std::string pinned = question.claimed->At(answer.link->target).Text();
    if (auto made = MakeRecord(pinned, *answer.link); !made) return Refusal(volume, volume.Settle(made.error()));
    spec.set_image(pinned);
    if (!spec.image_ref().empty()) spec.set_image_ref(question.image_id);
    return std::nullopt;
  }

  Settled SettleVolume(const v1::Mount& mount) {
    Inquiry volume = VolumeInquiry(mount);
    auto asked = AskAbout(mount.image(), volume);
    if (auto* settled = std::get_if<Settled>(&asked)) return std::move(*settled);
    return volume.Settle(images_.Judge(*volume.snapshot(), std::get<ImageQuestion>(asked)).decision);
  }

  Inquiry VolumeInquiry(const v1::Mount& mount) {
    Inquiry volume = inquiry();
    volume.event().action = "volume";
    const v1::ImageSpec& spec = mount.image();
    volume.event().image = spec.user_specified_image().empty() ? spec.image() : spec.user_specified_image();
    return volume;
  }

  // Sees to it that the record `name` leads to the link's target, and that the runtime knows it. kMismatch if it leads
  // elsewhere: then it is not what was judged.
  Status MakeRecord(const std::string& name, const runtime::Link& link) {
    auto records = services().runtime.FindRecords({name}, deadline_);
    if (!records) return records.error();
    const bool made = records->empty();
    if (made) {
      if (Status tagged = services().runtime.TagAs(name, link.record, deadline_); !tagged) return tagged;
      records = services().runtime.FindRecords({name}, deadline_);
      if (!records) return records.error();
    }
    if (records->empty() || records->front().target != link.target) {
      return Error{ErrorCode::kMismatch, "the record " + name + " leads to something else"};
    }
    return made ? WaitForRecord(name) : Status();
  }

  Status WaitForRecord(const std::string& name) {
    const SteadyTime end = std::min(deadline_, std::chrono::steady_clock::now() + limits::kTagVisibleTime);
    while (std::chrono::steady_clock::now() < end) {
      const auto image = services().runtime.ResolveImage(name, deadline_);
      if (image || image.error().code == ErrorCode::kLimit) return {};
      if (image.error().code != ErrorCode::kNotFound) return image.error();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return Error{ErrorCode::kTimeout, "the runtime does not show " + name};
  }

  Decision Compare(const std::string& container_id, SteadyTime deadline) {
    question_.deadline = deadline;
    auto container = services().runtime.FindContainer(container_id, deadline);
    if (!container) return NotShown(container.error());
    if (!answer_) return admission::JudgeContainer(inquiry(), *container, deadline);
    if (answer_->chain_id.empty()) return answer_->decision;
    Decision decision = images_.CompareRootfs(*answer_, *container, deadline);
    if (decision.reason != answer_->decision.reason) return decision;
    return CompareVolumes(*container, std::move(decision), deadline);
  }

  // Only now: before the create another pull could have brought the snapshots in between.
  Decision CompareVolumes(const runtime::Container& container, Decision decision, SteadyTime deadline) {
    for (const ImageAnswer& volume : volumes_) {
      const Status layers = images_.CompareLayers(volume, container.snapshotter, deadline);
      if (!layers) return admission::RefuseFor(layers.error());
    }
    return decision;
  }

  // The container was created from content that was not judged. If it cannot be removed, it still cannot be started
  // through us.
  void Remove(const std::string& container_id) {
    const Status removed =
        services().runtime.RemoveContainer(container_id, std::chrono::steady_clock::now() + limits::kRuntimeCallTime);
    if (!removed) log::Warn("a refused container could not be removed: " + removed.error().message);
  }

  admission::ImageJudge images_;
  SteadyTime deadline_;
  v1::CreateContainerRequest request_;
  ImageQuestion question_;
  std::optional<ImageAnswer> answer_;  // absent until the image was judged
  std::vector<ImageAnswer> volumes_;   // of the images that are mounted
};

}  // namespace

std::shared_ptr<JudgedCall> NewCreateCall(std::shared_ptr<const Services> services) {
  return std::make_shared<CreateCall>(std::move(services));
}

}  // namespace pullseal::cri
