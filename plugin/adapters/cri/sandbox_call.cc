// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>
#include <utility>

#include "adapters/cri/call_steps.h"
#include "adapters/cri/limits.h"
#include "core/base/log.h"
#include "image/runtime/limits.h"
#include "image/runtime/sandbox_image.h"

namespace pullseal::cri {
namespace {

using gate::Decision;
using gate::Outcome;
using gate::Reason;
namespace v1 = ::runtime::v1;

// RunPodSandbox: the pause image, which no request names, is judged before the call and pulled by its judged digest if
// it is not there; afterwards the sandbox's own root file system is compared with it.
class SandboxCall final : public CallSteps {
 public:
  using CallSteps::CallSteps;

  Ruling Before(const std::string& bytes, SteadyTime deadline) override {
    v1::RunPodSandboxRequest request;
    if (!request.ParseFromString(bytes)) return MalformedMessage();
    snapshot_ = services().snapshot();
    Describe(request);
    const auto refuse = [&](Reason reason, std::string detail) -> Ruling {
      if (auto refusal = Conclude(event_, snapshot_.get(), reason, std::move(detail))) return *refusal;
      return Forward{bytes};
    };
    if (snapshot_ == nullptr) return refuse(Reason::kPolicyUnavailable, "no policy is loaded");
    if (RefusesUnknown(MethodKind::kSandbox, bytes)) return refuse(Reason::kRequestMalformed, "unknown fields");
    if (request.config().metadata().namespace_().empty())
      return refuse(Reason::kRequestMalformed, "a pod without a namespace");
    auto image = FindPauseImage();
    if (!image) return refuse(gate::ReasonForRuntime(image.error()), image.error().message);
    auto name = oci::Reference::Parse(*image);
    if (!name) return refuse(Reason::kReferenceInvalid, name.error().message);
    auto resolved = services().runtime.ResolveImage(name->Text(), deadline);
    if (!resolved && resolved.error().code == ErrorCode::kNotFound) {
      if (auto answer = PullPauseImage(*name, deadline)) return *answer;
      resolved = services().runtime.ResolveImage(name->Text(), deadline);
    }
    if (!resolved) return refuse(gate::ReasonForRuntime(resolved.error()), resolved.error().message);
    event_.image_id = resolved->id;
    question_ = ImageQuestion{resolved->id, ImageJudge::StoreNames(*resolved), name->Text(), event_.pod_namespace, {},
                              deadline};
    answer_ = images().Judge(*snapshot_, question_);
    if (auto refusal = Conclude(event_, snapshot_.get(), answer_.decision)) return *refusal;
    return Forward{bytes};
  }

  std::optional<GrpcStatus> After(const std::string& bytes, SteadyTime deadline) override {
    v1::RunPodSandboxResponse response;
    if (!response.ParseFromString(bytes) || response.pod_sandbox_id().empty()) {
      return Conclude(event_, snapshot_.get(), Reason::kImageLinkUnproven, "RunPodSandbox: malformed answer");
    }
    question_.deadline = deadline;
    auto container = services().runtime.FindContainer(response.pod_sandbox_id(), deadline);
    Decision decision = container ? images().CompareRootfs(*snapshot_, question_, answer_, *container)
                                  : gate::Refuse(gate::ReasonForRuntime(container.error()), container.error().message);
    if (decision.reason == answer_.decision.reason) return std::nullopt;
    auto refusal = Conclude(event_, snapshot_.get(), std::move(decision));
    if (!refusal) return std::nullopt;
    const Status removed = services().runtime.RemoveSandbox(
        response.pod_sandbox_id(), std::chrono::steady_clock::now() + limits::kRuntimeCallTime);
    if (!removed) log::Warn("a refused sandbox could not be removed: " + removed.error().message);
    return refusal;
  }

  void Observe(const std::string& bytes, const std::optional<std::string>& answer, SteadyTime deadline) override {
    v1::RunPodSandboxRequest request;
    v1::RunPodSandboxResponse response;
    snapshot_ = services().snapshot();
    if (snapshot_ == nullptr || !request.ParseFromString(bytes)) return;
    if (!answer || !response.ParseFromString(*answer)) return;
    Describe(request);
    (void)Conclude(event_, snapshot_.get(), JudgeRunning(response.pod_sandbox_id(), deadline));
  }

 private:
  void Describe(const v1::RunPodSandboxRequest& request) {
    const v1::PodSandboxMetadata& metadata = request.config().metadata();
    event_.action = "sandbox";
    event_.pod_namespace = metadata.namespace_();
    event_.pod = metadata.name();
    event_.pod_uid = metadata.uid();
  }

  Result<std::string> FindPauseImage() {
    const Settings& settings = services().settings;
    auto image = settings.sandbox_image.empty()
                     ? runtime::FindSandboxImage(services().runtime, settings.runtime_config,
                                                 std::chrono::steady_clock::now() + limits::kRuntimeCallTime)
                     : Result<std::string>(settings.sandbox_image);
    if (image) event_.image = *image;
    return image;
  }

  std::optional<GrpcStatus> PullPauseImage(const oci::Reference& name, SteadyTime deadline) {
    gate::Pull pull =
        services().gate.DecidePull(*snapshot_, gate::Question{name, event_.pod_namespace, {}, {}, deadline});
    if (pull.decision.outcome() != Outcome::kAllow) {
      if (auto refusal = Conclude(event_, snapshot_.get(), std::move(pull.decision))) return refusal;
    }
    const std::string pinned = pull.digest ? name.At(*pull.digest).Text() : name.Text();
    const SteadyTime end = std::chrono::steady_clock::now() + limits::kSandboxPullTime;
    auto pulled = services().runtime.Pull(pinned, {}, end);
    Status done = pulled ? Status() : Status(pulled.error());
    if (done && pinned != name.Text()) done = services().runtime.TagAs(name.Text(), pinned, end);
    if (done) done = WaitForImage(name.Text(), end);
    if (done) return std::nullopt;
    return Conclude(event_, snapshot_.get(), Reason::kRuntimeUnreachable, done.error().message);
  }

  Status WaitForImage(const std::string& name, SteadyTime end) {
    const SteadyTime visible = std::min(end, std::chrono::steady_clock::now() + limits::kTagVisibleTime);
    while (std::chrono::steady_clock::now() < visible) {
      if (services().runtime.ResolveImage(name, end)) return {};
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return Error{ErrorCode::kTimeout, "the runtime does not show " + name + " after pulling it"};
  }

  Decision JudgeRunning(const std::string& sandbox_id, SteadyTime deadline) {
    auto image = FindPauseImage();
    if (!image) return gate::Refuse(gate::ReasonForRuntime(image.error()), image.error().message);
    auto resolved = services().runtime.ResolveImage(*image, deadline);
    auto container = services().runtime.FindContainer(sandbox_id, deadline);
    if (!resolved || !container) return gate::Refuse(Reason::kRuntimeUnreachable, "the sandbox is gone");
    event_.image_id = resolved->id;
    const ImageQuestion question{resolved->id, ImageJudge::StoreNames(*resolved), *image, event_.pod_namespace, {},
                                 deadline};
    const ImageAnswer answer = images().Judge(*snapshot_, question);
    if (answer.chain_id.empty()) return answer.decision;
    return images().CompareRootfs(*snapshot_, question, answer, *container);
  }

  gate::SnapshotPtr snapshot_;
  gate::Event event_;
  ImageQuestion question_;
  ImageAnswer answer_;
};

}  // namespace

std::shared_ptr<JudgedCall> NewSandboxCall(std::shared_ptr<const Services> services) {
  return std::make_shared<SandboxCall>(std::move(services));
}

}  // namespace pullseal::cri
