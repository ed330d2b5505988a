// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ADMISSION_SERVICES_H_
#define PULLSEAL_GATE_ADMISSION_SERVICES_H_

#include <functional>
#include <memory>
#include <string>

#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "image/runtime/limits.h"

namespace pullseal::gate {
class Gate;
class Origins;
class Reporter;
struct Snapshot;
}  // namespace pullseal::gate

namespace pullseal::containerd {
class Configuration;
}  // namespace pullseal::containerd

namespace pullseal::runtime {
class Linker;
class Runtime;
}  // namespace pullseal::runtime

namespace pullseal::admission {

struct Settings {
  std::string sandbox_image;  // empty: ask the runtime, then `containerd`
  // What is known of the runtime's configuration; null: nothing.
  std::shared_ptr<containerd::Configuration> containerd;
  bool deny_unknown_fields = false;
  bool deny_checkpoint = false;
};

// Claims remembers what pods called the images of the containers they created, for the runtimes that do not (containerd
// 1.6). A claim selects the rule and proves nothing; one that is forgotten gives way to the record by which the runtime
// says it created the container. Bounded by limits::kClaims; thread-safe.
class Claims {
 public:
  void Remember(const std::string& container_id, const std::string& name) {
    const MutexLock lock(mutex_);
    names_.Put(container_id, name);
  }
  // Empty if there is none.
  std::string Find(const std::string& container_id) {
    const MutexLock lock(mutex_);
    return names_.Find(container_id).value_or("");
  }

 private:
  Mutex mutex_;
  LruMap<std::string> names_ PULLSEAL_GUARDED_BY(mutex_){limits::kClaims};
};

// Services is what every question is answered with. All outlive whoever asks; all are thread-safe.
struct Services {
  gate::Gate& gate;
  runtime::Runtime& runtime;
  runtime::Linker& linker;
  gate::Reporter& reporter;
  Claims& claims;
  // The policy in force; null while there is none that can be read.
  std::function<std::shared_ptr<const gate::Snapshot>()> snapshot;
  // Told the ID of each container that the runtime created for a call that came this way. Must not block.
  std::function<void(const std::string& id)> created = [](const std::string&) {};
  Settings settings;
  // What the node knows of where content came from; null: nothing is noted.
  gate::Origins* origins = nullptr;
};

}  // namespace pullseal::admission

#endif  // PULLSEAL_GATE_ADMISSION_SERVICES_H_
