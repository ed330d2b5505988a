// SPDX-License-Identifier: Apache-2.0
#include "gate/admission/container_judge.h"

#include <chrono>
#include <utility>
#include <variant>

#include "core/base/limits.h"
#include "gate/admission/image_judge.h"
#include "gate/gate/gate.h"
#include "gate/gate/standing.h"
#include "image/runtime/limits.h"
#include "image/runtime/sandbox_image.h"

namespace pullseal::admission {
namespace {

using gate::Decision;
using gate::Reason;

std::optional<oci::Reference> ParseName(const std::string& text) {
  if (text.empty() || text.starts_with("sha256:")) return std::nullopt;
  auto name = oci::Reference::Parse(text);
  return name ? std::optional(std::move(*name)) : std::nullopt;
}

// What an image volume of a container is: the question, or the decision where it cannot even be asked.
std::variant<ImageQuestion, Decision> AskAboutVolume(ImageJudge& images, const runtime::ImageVolume& volume,
                                                     ImageQuestion question) {
  auto stored = images.Resolve(volume.image, question.deadline);
  if (!stored) return RefuseFor(stored.error());
  question.image_id = stored->image_id;
  question.claimed = ParseName(volume.claimed);
  if (!question.claimed) question.claimed = std::move(stored->name);
  return question;
}

// The first of the container's image volumes that may not be mounted; absent if there is none.
std::optional<Decision> JudgeVolumes(Inquiry& inquiry, ImageJudge& images, const runtime::Container& container,
                                     const ImageQuestion& question) {
  for (const runtime::ImageVolume& volume : container.volumes) {
    auto asked = AskAboutVolume(images, volume, question);
    if (auto* decision = std::get_if<Decision>(&asked)) return std::move(*decision);
    ImageAnswer answer = images.Judge(*inquiry.snapshot(), std::get<ImageQuestion>(asked));
    if (gate::StandingOf(answer.decision, inquiry.snapshot().get()) == gate::Standing::kRefused) {
      return std::move(answer.decision);
    }
    if (const Status layers = images.CompareLayers(answer, container.snapshotter, question.deadline); !layers) {
      return RefuseFor(layers.error());
    }
  }
  return std::nullopt;
}

std::string ClaimedName(const Services& services, const runtime::Container& container) {
  if (!container.claimed_name.empty()) return container.claimed_name;
  if (std::string kept = services.claims.Find(container.id); !kept.empty()) return kept;
  return container.record;
}

}  // namespace

void DescribePod(const runtime::Sandbox& sandbox, gate::Event& event) {
  event.pod_namespace = sandbox.pod_namespace;
  event.pod = sandbox.name;
  event.pod_uid = sandbox.uid;
}

Decision JudgeContainer(Inquiry& inquiry, const runtime::Container& container, SteadyTime deadline) {
  const Services& services = inquiry.services();
  const std::string claimed = ClaimedName(services, container);
  gate::Event& event = inquiry.event();
  event.container = container.name;
  event.image = claimed.empty() ? container.image_id : claimed;
  event.image_id = container.image_id;
  if (container.image_id.empty()) {
    return gate::Refuse(Reason::kImageLinkUnproven, "the runtime has no image ID for container " + container.id);
  }
  auto sandbox = services.runtime.FindSandbox(container.sandbox_id, deadline);
  if (!sandbox) return RefuseFor(sandbox.error());
  DescribePod(*sandbox, event);
  const ImageQuestion question{.image_id = container.image_id,
                               .claimed = ParseName(claimed),
                               .pod_namespace = sandbox->pod_namespace,
                               .credentials = {},
                               .deadline = deadline};
  ImageJudge images(services);
  const ImageAnswer answer = images.Judge(*inquiry.snapshot(), question);
  if (answer.chain_id.empty()) return answer.decision;
  Decision decision = images.CompareRootfs(answer, container, deadline);
  if (gate::StandingOf(decision, inquiry.snapshot().get()) == gate::Standing::kRefused) return decision;
  if (auto refused = JudgeVolumes(inquiry, images, container, question)) return std::move(*refused);
  return decision;
}

Status JudgeRunning(const std::shared_ptr<const Services>& services, const gate::SnapshotPtr& snapshot,
                    const std::function<bool(const Running&)>& each) {
  auto containers = services->runtime.ListRunning(std::chrono::steady_clock::now() + limits::kRuntimeCallTime);
  if (!containers) return containers.error();
  for (runtime::RunningContainer& one : *containers) {
    const SteadyTime deadline = std::chrono::steady_clock::now() + limits::kWarmTime;
    Inquiry inquiry(services, "verify", snapshot);
    auto container = services->runtime.FindContainer(one.id, deadline);
    if (!container && container.error().code == ErrorCode::kNotFound) continue;  // it ended meanwhile
    Decision decision = container ? JudgeContainer(inquiry, *container, deadline) : RefuseFor(container.error());
    Settled settled = inquiry.Settle(std::move(decision));
    if (!each(Running{std::move(one), inquiry.event(), std::move(settled)})) break;
  }
  return {};
}

Result<std::string> NamePauseImage(const Services& services, SteadyTime deadline) {
  const Settings& settings = services.settings;
  if (!settings.sandbox_image.empty()) return settings.sandbox_image;
  containerd::Configuration nothing("", "");
  auto found = runtime::FindSandboxImage(services.runtime,
                                         settings.containerd != nullptr ? *settings.containerd : nothing, deadline);
  // Which image it is must be known: that nobody says it is no statement about any content.
  if (!found) return Error{ErrorCode::kUnavailable, found.error().message};
  return found;
}

Decision JudgePauseImage(Inquiry& inquiry, const std::string& pod_namespace, SteadyTime deadline) {
  const Services& services = inquiry.services();
  inquiry.event().pod_namespace = pod_namespace;
  auto image = NamePauseImage(services, deadline);
  if (!image) return RefuseFor(image.error());
  inquiry.event().image = *image;
  auto name = oci::Reference::Parse(*image);
  if (!name) return gate::Refuse(Reason::kReferenceInvalid, name.error().message);
  ImageJudge images(services);
  auto stored = images.Resolve(name->Text(), deadline);
  if (!stored && stored.error().code == ErrorCode::kNotFound) {
    const gate::Question question{.name = *name,
                                  .pod_namespace = pod_namespace,
                                  .candidates = {},
                                  .credentials = {},
                                  .deadline = deadline,
                                  .action = policy::Action::kSandbox};
    return services.gate.DecidePull(*inquiry.snapshot(), question).decision;
  }
  if (!stored) return RefuseFor(stored.error());
  inquiry.event().image_id = stored->image_id;
  return images
      .Judge(*inquiry.snapshot(), ImageQuestion{.image_id = stored->image_id,
                                                .claimed = std::move(*name),
                                                .pod_namespace = pod_namespace,
                                                .credentials = {},
                                                .restorable = false,
                                                .action = policy::Action::kSandbox,
                                                .deadline = deadline})
      .decision;
}

}  // namespace pullseal::admission
