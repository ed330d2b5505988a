// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_CONTAINER_JUDGE_H_
#define PULLSEAL_ADAPTERS_CRI_CONTAINER_JUDGE_H_

#include <functional>

#include "core/base/clock.h"
#include "adapters/cri/calls.h"
#include "gate/gate/report.h"
#include "image/runtime/runtime.h"

namespace pullseal::cri {

// DescribePod writes the pod's names into `event`.
void DescribePod(const runtime::Sandbox& sandbox, gate::Event& event);

// JudgeContainer judges a container that exists: the image it was created from, for its pod, and its root file system
// against that image. Fills `event`; reports nothing. Thread-safe.
gate::Decision JudgeContainer(const Services& services, const gate::Snapshot& snapshot,
                              const runtime::Container& container, SteadyTime deadline, gate::Event& event);

// Running is one container that runs, and what `snapshot` says of it.
struct Running {
  runtime::RunningContainer container;
  gate::Event event;
  gate::Decision decision;
};

// JudgeRunning judges every running container by `snapshot`, one after the other, and tells `each`, which returns false
// to stop. Each has limits::kWarmTime, and no more than limits::kRunningContainers are looked at. An error means that
// the runtime could not list them.
Status JudgeRunning(const Services& services, const gate::Snapshot& snapshot,
                    const std::function<bool(const Running&)>& each);

// JudgePauseImage judges the image of the pods' sandboxes by `snapshot`, as RunPodSandbox in `pod_namespace` would.
gate::Decision JudgePauseImage(const Services& services, const gate::Snapshot& snapshot,
                               const std::string& pod_namespace, SteadyTime deadline, gate::Event& event);

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_CONTAINER_JUDGE_H_
