// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_CALLS_H_
#define PULLSEAL_ADAPTERS_CRI_CALLS_H_

#include <memory>

#include "adapters/relay/judged_call.h"
#include "gate/admission/services.h"

namespace pullseal::cri {

// MakeJudgedCalls returns the judgement of PullImage, CreateContainer, StartContainer, RunPodSandbox, RestorePod and
// the checkpoint calls. What `services` refers to
// outlives it.
std::unique_ptr<relay::JudgedCalls> MakeJudgedCalls(std::shared_ptr<const admission::Services> services);

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_CALLS_H_
