// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_CALLS_H_
#define PULLSEAL_ADAPTERS_CRI_CALLS_H_

#include <functional>
#include <memory>
#include <string>

#include "adapters/cri/image_judge.h"
#include "adapters/relay/judged_call.h"
#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "gate/gate/gate.h"
#include "gate/gate/report.h"
#include "image/runtime/image_link.h"
#include "image/runtime/limits.h"
#include "image/runtime/runtime.h"

namespace pullseal::cri {

struct Settings {
  std::string sandbox_image;   // empty: ask the runtime, then its configuration file
  std::string runtime_config;  // containerd's configuration file
  bool deny_unknown_fields = false;
  bool deny_checkpoint = false;
};

// Claims remembers what pods called the images of the containers they created, for the runtimes that do not (containerd
// 1.6). A claim selects the rule and proves nothing, so one that is forgotten costs strictness only: then every name
// the store has for the image must be allowed. Bounded; thread-safe.
class Claims {
 public:
  void Remember(const std::string& container_id, const std::string& name) {
    const MutexLock lock(mutex_);
    names_.Put(container_id, name);
  }
  std::string Find(const std::string& container_id) {
    const MutexLock lock(mutex_);
    return names_.Find(container_id).value_or("");
  }

 private:
  Mutex mutex_;
  LruMap<std::string> names_ PULLSEAL_GUARDED_BY(mutex_){limits::kClaims};
};

// Services is what every judged call works with. All outlive the relay; all are thread-safe.
struct Services {
  gate::Gate& gate;
  runtime::Runtime& runtime;
  runtime::Linker& linker;
  gate::Reporter& reporter;
  Claims& claims;
  std::function<gate::SnapshotPtr()> snapshot;  // null while there is no readable policy
  // Told the ID of each container that the runtime created for a call that came this way. Must not block.
  std::function<void(const std::string& id)> created = [](const std::string&) {};
  Settings settings;
};

// MakeJudgedCalls returns the judgement of PullImage, CreateContainer, StartContainer, RunPodSandbox, RestorePod and
// the checkpoint calls.
std::unique_ptr<JudgedCalls> MakeJudgedCalls(Services services);

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_CALLS_H_
