// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_CRI_METHODS_H_
#define PULLSEAL_ADAPTERS_CRI_METHODS_H_

#include <cstdint>
#include <string_view>

#include "adapters/relay/method.h"

namespace pullseal::cri {

// What the proxy does with a method of the CRI.
enum class MethodKind : std::uint8_t {
  kPass,        // frames go through as they come
  kPull,        // PullImage: judged before
  kCreate,      // CreateContainer: judged before, its root file system compared after
  kStart,       // StartContainer: the same comparison
  kSandbox,     // RunPodSandbox: its pause image judged before, compared after
  kRestore,     // RestorePod: refused
  kCheckpoint,  // CheckpointContainer, CheckpointPod: passed unless the config denies them
};

inline MethodKind KindOf(const relay::Method& method) { return static_cast<MethodKind>(method.kind); }

// FindMethod returns the CRI method with exactly this path (runtime.v1 as of Kubernetes 1.37), or null: everything
// else, other services on the runtime's socket above all, is not ours to forward.
const relay::Method* FindMethod(std::string_view path);

}  // namespace pullseal::cri

#endif  // PULLSEAL_ADAPTERS_CRI_METHODS_H_
