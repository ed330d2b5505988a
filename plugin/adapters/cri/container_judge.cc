// SPDX-License-Identifier: Apache-2.0
#include "adapters/cri/container_judge.h"

#include <utility>

#include "adapters/cri/image_judge.h"
#include "core/base/limits.h"
#include "image/runtime/limits.h"
#include "image/runtime/sandbox_image.h"

namespace pullseal::cri {
namespace {

using gate::Decision;
using gate::Reason;

Decision FromRuntime(const Error& error) { return gate::Refuse(gate::ReasonForRuntime(error), error.message); }

}  // namespace

void DescribePod(const runtime::Sandbox& sandbox, gate::Event& event) {
  event.pod_namespace = sandbox.pod_namespace;
  event.pod = sandbox.name;
  event.pod_uid = sandbox.uid;
}

Decision JudgeContainer(const Services& services, const gate::Snapshot& snapshot, const runtime::Container& container,
                        SteadyTime deadline, gate::Event& event) {
  const std::string claimed =
      container.claimed_name.empty() ? services.claims.Find(container.id) : container.claimed_name;
  event.container = container.name;
  event.image = claimed.empty() ? container.image_id : claimed;
  event.image_id = container.image_id;
  if (container.image_id.empty()) {
    return gate::Refuse(Reason::kImageLinkUnproven, "the runtime has no image ID for container " + container.id);
  }
  auto sandbox = services.runtime.FindSandbox(container.sandbox_id, deadline);
  if (!sandbox) return FromRuntime(sandbox.error());
  DescribePod(*sandbox, event);
  auto image = services.runtime.ResolveImage(container.image_id, deadline);
  if (!image && image.error().code == ErrorCode::kNotFound) {
    return gate::Refuse(Reason::kImageLinkUnproven, "the image of container " + container.id + " is not on the node");
  }
  if (!image) return FromRuntime(image.error());
  const ImageQuestion question{image->id, ImageJudge::StoreNames(*image), claimed, sandbox->pod_namespace, {},
                               deadline};
  ImageJudge images(services.gate, services.runtime, services.linker);
  const ImageAnswer answer = images.Judge(snapshot, question);
  const bool goes_on = answer.decision.outcome() == gate::Outcome::kAllow || answer.decision.audit_only;
  if (!goes_on || answer.chain_id.empty()) return answer.decision;
  return images.CompareRootfs(snapshot, question, answer, container);
}

Status JudgeRunning(const Services& services, const gate::Snapshot& snapshot,
                    const std::function<bool(const Running&)>& each) {
  auto containers = services.runtime.ListRunning(std::chrono::steady_clock::now() + limits::kRuntimeCallTime);
  if (!containers) return containers.error();
  for (runtime::RunningContainer& one : *containers) {
    const SteadyTime deadline = std::chrono::steady_clock::now() + limits::kWarmTime;
    Running running;
    auto container = services.runtime.FindContainer(one.id, deadline);
    if (!container && container.error().code == ErrorCode::kNotFound) continue;  // it ended meanwhile
    running.decision = container ? JudgeContainer(services, snapshot, *container, deadline, running.event)
                                 : FromRuntime(container.error());
    running.container = std::move(one);
    if (!each(running)) break;
  }
  return {};
}

Decision JudgePauseImage(const Services& services, const gate::Snapshot& snapshot, const std::string& pod_namespace,
                         SteadyTime deadline, gate::Event& event) {
  event.pod_namespace = pod_namespace;
  const Settings& settings = services.settings;
  auto image = settings.sandbox_image.empty()
                   ? runtime::FindSandboxImage(services.runtime, settings.runtime_config, deadline)
                   : Result<std::string>(settings.sandbox_image);
  if (!image) return FromRuntime(image.error());
  event.image = *image;
  auto name = oci::Reference::Parse(*image);
  if (!name) return gate::Refuse(Reason::kReferenceInvalid, name.error().message);
  auto resolved = services.runtime.ResolveImage(name->Text(), deadline);
  if (!resolved && resolved.error().code == ErrorCode::kNotFound) {
    return services.gate.DecidePull(snapshot, gate::Question{*name, pod_namespace, {}, {}, deadline}).decision;
  }
  if (!resolved) return FromRuntime(resolved.error());
  event.image_id = resolved->id;
  ImageJudge images(services.gate, services.runtime, services.linker);
  return images
      .Judge(snapshot,
             ImageQuestion{resolved->id, ImageJudge::StoreNames(*resolved), name->Text(), pod_namespace, {}, deadline})
      .decision;
}

}  // namespace pullseal::cri
