// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ADMISSION_CONTAINER_JUDGE_H_
#define PULLSEAL_GATE_ADMISSION_CONTAINER_JUDGE_H_

#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "gate/admission/inquiry.h"
#include "image/runtime/runtime.h"

namespace pullseal::admission {

// DescribePod writes the pod's names into `event`.
void DescribePod(const runtime::Sandbox& sandbox, gate::Event& event);

// JudgeContainer judges a container that exists: the image it was created from, for its pod, and its root file system
// against that image, and so each image that it mounts. What the image is called is what the container's creation
// claimed, else what we remember of it, else the record by which the runtime says it created it. Fills the inquiry's
// event; settles nothing.
gate::Decision JudgeContainer(Inquiry& inquiry, const runtime::Container& container, SteadyTime deadline);

// Running is one container that runs, and what was said of it.
struct Running {
  runtime::RunningContainer container;
  gate::Event event;
  Settled settled;
};

// JudgeRunning judges every running container by `snapshot`, for a report: nothing is recorded. One after the other, it
// tells `each`, which returns false to stop. Each has limits::kWarmTime, and no more than limits::kRunningContainers
// are looked at. An error means that the runtime could not list them.
Status JudgeRunning(const std::shared_ptr<const Services>& services, const gate::SnapshotPtr& snapshot,
                    const std::function<bool(const Running&)>& each);

// NamePauseImage returns the name of the pods' pause image: what the configuration says, else the runtime, else the
// runtime's own configuration.
Result<std::string> NamePauseImage(const Services& services, SteadyTime deadline);

// JudgePauseImage judges the pause image as RunPodSandbox in `pod_namespace` would. Fills the event; settles nothing.
gate::Decision JudgePauseImage(Inquiry& inquiry, const std::string& pod_namespace, SteadyTime deadline);

}  // namespace pullseal::admission

#endif  // PULLSEAL_GATE_ADMISSION_CONTAINER_JUDGE_H_
