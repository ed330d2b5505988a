// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>
#include <utility>

#include "adapters/cri/call_steps.h"
#include "adapters/cri/limits.h"
#include "core/base/log.h"
#include "cri.pb.h"
#include "gate/admission/container_judge.h"
#include "gate/admission/image_judge.h"
#include "gate/gate/gate.h"
#include "image/runtime/limits.h"

namespace pullseal::cri {
namespace {

using admission::ImageAnswer;
using admission::ImageQuestion;
using gate::Decision;
using gate::Reason;
namespace v1 = ::runtime::v1;

// RunPodSandbox: the pause image, which no request names, is judged before the call and pulled by its judged digest if
// it is not there; afterwards the sandbox's own root file system is compared with it.
class SandboxCall final : public CallSteps {
 public:
  explicit SandboxCall(std::shared_ptr<const Services> services)
      : CallSteps(std::move(services), MethodKind::kSandbox), images_(this->services()) {}

  Ruling Before(const std::string& bytes, SteadyTime deadline) override {
    v1::RunPodSandboxRequest request;
    if (auto end = Begin(bytes, request)) return *end;
    if (auto settled = AskAbout(request, deadline)) return End(*settled, bytes);
    answer_ = images_.Judge(*inquiry().snapshot(), question_);
    return End(inquiry().Settle(answer_.decision), bytes);
  }

  std::optional<GrpcStatus> After(const std::string& bytes, SteadyTime deadline) override {
    v1::RunPodSandboxResponse response;
    if (!response.ParseFromString(bytes) || response.pod_sandbox_id().empty()) {
      return Refusal(inquiry().Settle(Reason::kImageLinkUnproven, "RunPodSandbox: malformed answer"));
    }
    Decision decision = Compare(response.pod_sandbox_id(), deadline);
    if (decision.reason == answer_.decision.reason) return std::nullopt;
    auto refusal = Refusal(inquiry().Settle(std::move(decision)));
    if (!refusal) return std::nullopt;
    const Status removed = services().runtime.RemoveSandbox(
        response.pod_sandbox_id(), std::chrono::steady_clock::now() + limits::kRuntimeCallTime);
    if (!removed) log::Warn("a refused sandbox could not be removed: " + removed.error().message);
    return refusal;
  }

  void Observe(const std::string& bytes, const std::optional<std::string>& answer, SteadyTime deadline) override {
    v1::RunPodSandboxRequest request;
    v1::RunPodSandboxResponse response;
    if (!BeginObserved(bytes, request) || !answer) return;
    if (!response.ParseFromString(*answer)) {
      return (void)inquiry().Settle(Error{ErrorCode::kRemote, "RunPodSandbox: malformed answer"});
    }
    if (auto settled = NamePause(deadline)) return;
    auto stored = images_.Resolve(question_.claimed->Text(), deadline);
    if (!stored) return (void)inquiry().Settle(stored.error());
    SetImage(stored->image_id);
    answer_ = images_.Judge(*inquiry().snapshot(), question_);
    (void)inquiry().Settle(answer_.chain_id.empty() ? answer_.decision : Compare(response.pod_sandbox_id(), deadline));
  }

 private:
  // Which image the question is about; present where it cannot be asked.
  std::optional<Settled> AskAbout(const v1::RunPodSandboxRequest& request, SteadyTime deadline) {
    if (request.config().metadata().namespace_().empty()) {
      return inquiry().Settle(Reason::kRequestMalformed, "a pod without a namespace");
    }
    if (auto settled = NamePause(deadline)) return settled;
    const std::string name = question_.claimed->Text();
    auto stored = images_.Resolve(name, deadline);
    if (!stored && stored.error().code == ErrorCode::kNotFound) {
      if (auto settled = PullPauseImage(*question_.claimed, deadline)) return settled;
      stored = images_.Resolve(name, deadline);
    }
    if (!stored) return inquiry().Settle(Unproven(stored.error()));
    SetImage(stored->image_id);
    return std::nullopt;
  }

  // A pause image that is gone again right after it was pulled is trouble, not an absence.
  static Error Unproven(const Error& error) {
    return error.code == ErrorCode::kNotFound ? Error{ErrorCode::kRemote, error.message} : error;
  }

  std::optional<Settled> NamePause(SteadyTime deadline) {
    auto image = admission::NamePauseImage(
        services(), std::min(deadline, std::chrono::steady_clock::now() + limits::kRuntimeCallTime));
    if (!image) return inquiry().Settle(image.error());
    inquiry().event().image = *image;
    auto name = oci::Reference::Parse(*image);
    if (!name) return inquiry().Settle(Reason::kReferenceInvalid, name.error().message);
    question_.claimed = std::move(*name);
    question_.pod_namespace = inquiry().event().pod_namespace;
    question_.restorable = false;  // nothing is restored into a sandbox
    question_.action = policy::Action::kSandbox;
    question_.deadline = deadline;
    return std::nullopt;
  }

  void SetImage(const std::string& id) {
    question_.image_id = id;
    inquiry().event().image_id = id;
  }

  std::optional<Settled> PullPauseImage(const oci::Reference& name, SteadyTime deadline) {
    const gate::Question question{.name = name,
                                  .pod_namespace = inquiry().event().pod_namespace,
                                  .candidates = {},
                                  .credentials = {},
                                  .deadline = deadline,
                                  .action = policy::Action::kSandbox};
    gate::Pull pull = services().gate.DecidePull(*inquiry().snapshot(), question);
    if (gate::StandingOf(pull.decision, inquiry().snapshot().get()) == gate::Standing::kRefused) {
      return inquiry().Settle(std::move(pull.decision));
    }
    const std::string pinned = pull.digest ? name.At(*pull.digest).Text() : name.Text();
    const SteadyTime end = std::chrono::steady_clock::now() + limits::kSandboxPullTime;
    auto pulled = services().runtime.Pull(pinned, {}, end);
    Status done = pulled ? Status() : Status(pulled.error());
    if (done && pinned != name.Text()) done = services().runtime.TagAs(name.Text(), pinned, end);
    if (done) done = WaitForImage(name.Text(), end);
    if (done && pull.digest) {
      if (const Status noted = services().gate.provenance().NotePulled(name, *pull.digest, end); !noted) {
        log::Warn("where the pause image came from could not be noted: " + noted.error().message);
      }
    }
    if (done) return std::nullopt;
    // A runtime that answers and could not pull has met trouble at the registry.
    const bool answered = !pulled && pulled.error().code == ErrorCode::kRemote;
    return inquiry().Settle(answered ? Reason::kRegistryError : Reason::kRuntimeUnreachable, done.error().message);
  }

  Status WaitForImage(const std::string& name, SteadyTime end) {
    const SteadyTime visible = std::min(end, std::chrono::steady_clock::now() + limits::kTagVisibleTime);
    while (std::chrono::steady_clock::now() < visible) {
      const auto image = services().runtime.ResolveImage(name, end);
      if (image || image.error().code == ErrorCode::kLimit) return {};
      if (image.error().code != ErrorCode::kNotFound) return image.error();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return Error{ErrorCode::kTimeout, "the runtime does not show " + name + " after pulling it"};
  }

  Decision Compare(const std::string& sandbox_id, SteadyTime deadline) {
    question_.deadline = deadline;
    auto container = services().runtime.FindContainer(sandbox_id, deadline);
    if (!container) return NotShown(container.error());
    if (answer_.chain_id.empty()) return answer_.decision;
    return images_.CompareRootfs(answer_, *container, deadline);
  }

  admission::ImageJudge images_;
  ImageQuestion question_;
  ImageAnswer answer_;
};

}  // namespace

std::shared_ptr<JudgedCall> NewSandboxCall(std::shared_ptr<const Services> services) {
  return std::make_shared<SandboxCall>(std::move(services));
}

}  // namespace pullseal::cri
