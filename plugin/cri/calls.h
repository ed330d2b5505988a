#ifndef PULLSEAL_CRI_CALLS_H_
#define PULLSEAL_CRI_CALLS_H_

#include <functional>
#include <memory>
#include <string>

#include "cri/image_judge.h"
#include "cri/judged_call.h"
#include "gate/gate.h"
#include "gate/report.h"
#include "runtime/image_link.h"
#include "runtime/runtime.h"

namespace pullseal::cri {

struct Settings {
  std::string sandbox_image;             // empty: ask the runtime, then its configuration file
  std::string runtime_config;            // containerd's configuration file
  bool deny_unknown_fields = false;
  bool deny_checkpoint = false;
};

// Services is what every judged call works with. All outlive the relay; all are thread-safe.
struct Services {
  gate::Gate& gate;
  runtime::Runtime& runtime;
  runtime::Linker& linker;
  gate::Reporter& reporter;
  std::function<gate::SnapshotPtr()> snapshot;  // null while there is no readable policy
  Settings settings;
};

// MakeJudgedCalls returns the judgement of PullImage, CreateContainer, StartContainer, RunPodSandbox, RestorePod and the
// checkpoint calls.
std::unique_ptr<JudgedCalls> MakeJudgedCalls(Services services);

}  // namespace pullseal::cri

#endif  // PULLSEAL_CRI_CALLS_H_
