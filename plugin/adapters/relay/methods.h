// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_METHODS_H_
#define PULLSEAL_ADAPTERS_RELAY_METHODS_H_

#include <string_view>

namespace pullseal::cri {

// What the proxy does with a method of the CRI.
enum class MethodKind {
  kPass,        // frames go through as they come
  kPull,        // PullImage: judged before
  kCreate,      // CreateContainer: judged before, its root file system compared after
  kStart,       // StartContainer: the same comparison
  kSandbox,     // RunPodSandbox: its pause image judged before, compared after
  kRestore,     // RestorePod: refused
  kCheckpoint,  // CheckpointContainer, CheckpointPod: passed unless the config denies them
};

struct Method {
  std::string_view path;  // "/runtime.v1.RuntimeService/Version"
  MethodKind kind = MethodKind::kPass;
  // Its errors can carry text from a pod, which can be too long for our HTTP/2 library: such a call gets an upstream
  // connection of its own, so that nothing but this call ends then.
  bool own_connection = false;
  bool streaming = false;  // may last for hours; a drain does not wait for it

  std::string_view name() const { return path.substr(path.rfind('/') + 1); }
};

// FindMethod returns the CRI method with exactly this path (runtime.v1 as of Kubernetes 1.37), or null: everything
// else, other services on the runtime's socket above all, is not ours to forward.
const Method* FindMethod(std::string_view path);

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_RELAY_METHODS_H_
