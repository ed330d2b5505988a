// SPDX-License-Identifier: Apache-2.0
#include "adapters/relay/methods.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace pullseal::cri {
namespace {

constexpr Method Pass(std::string_view path) { return Method{path, MethodKind::kPass, false, false}; }
constexpr Method Stream(std::string_view path) { return Method{path, MethodKind::kPass, false, true}; }

constexpr std::array kMethods = {
    Pass("/runtime.v1.RuntimeService/Version"),
    Method{"/runtime.v1.RuntimeService/RunPodSandbox", MethodKind::kSandbox, true, false},
    Pass("/runtime.v1.RuntimeService/StopPodSandbox"),
    Pass("/runtime.v1.RuntimeService/RemovePodSandbox"),
    Pass("/runtime.v1.RuntimeService/PodSandboxStatus"),
    Pass("/runtime.v1.RuntimeService/ListPodSandbox"),
    Method{"/runtime.v1.RuntimeService/CreateContainer", MethodKind::kCreate, true, false},
    Method{"/runtime.v1.RuntimeService/StartContainer", MethodKind::kStart, true, false},
    Pass("/runtime.v1.RuntimeService/StopContainer"),
    Pass("/runtime.v1.RuntimeService/RemoveContainer"),
    Pass("/runtime.v1.RuntimeService/ListContainers"),
    Pass("/runtime.v1.RuntimeService/ContainerStatus"),
    Pass("/runtime.v1.RuntimeService/UpdateContainerResources"),
    Pass("/runtime.v1.RuntimeService/ReopenContainerLog"),
    Method{"/runtime.v1.RuntimeService/ExecSync", MethodKind::kPass, true, false},
    Pass("/runtime.v1.RuntimeService/Exec"),
    Pass("/runtime.v1.RuntimeService/Attach"),
    Pass("/runtime.v1.RuntimeService/PortForward"),
    Pass("/runtime.v1.RuntimeService/ContainerStats"),
    Pass("/runtime.v1.RuntimeService/ListContainerStats"),
    Pass("/runtime.v1.RuntimeService/PodSandboxStats"),
    Pass("/runtime.v1.RuntimeService/ListPodSandboxStats"),
    Pass("/runtime.v1.RuntimeService/UpdateRuntimeConfig"),
    Pass("/runtime.v1.RuntimeService/Status"),
    Method{"/runtime.v1.RuntimeService/CheckpointContainer", MethodKind::kCheckpoint, false, false},
    Method{"/runtime.v1.RuntimeService/CheckpointPod", MethodKind::kCheckpoint, false, false},
    Method{"/runtime.v1.RuntimeService/RestorePod", MethodKind::kRestore, false, false},
    Pass("/runtime.v1.RuntimeService/ListMetricDescriptors"),
    Pass("/runtime.v1.RuntimeService/ListPodSandboxMetrics"),
    Pass("/runtime.v1.RuntimeService/RuntimeConfig"),
    Pass("/runtime.v1.RuntimeService/UpdatePodSandboxResources"),
    Stream("/runtime.v1.RuntimeService/GetContainerEvents"),
    Stream("/runtime.v1.RuntimeService/StreamPodSandboxes"),
    Stream("/runtime.v1.RuntimeService/StreamContainers"),
    Stream("/runtime.v1.RuntimeService/StreamContainerStats"),
    Stream("/runtime.v1.RuntimeService/StreamPodSandboxStats"),
    Stream("/runtime.v1.RuntimeService/StreamPodSandboxMetrics"),
    Pass("/runtime.v1.ImageService/ListImages"),
    Pass("/runtime.v1.ImageService/ImageStatus"),
    Method{"/runtime.v1.ImageService/PullImage", MethodKind::kPull, true, false},
    Pass("/runtime.v1.ImageService/RemoveImage"),
    Pass("/runtime.v1.ImageService/ImageFsInfo"),
    Stream("/runtime.v1.ImageService/StreamImages"),
};

}  // namespace

const Method* FindMethod(std::string_view path) {
  static const std::unordered_map<std::string_view, const Method*> kIndex = [] {
    std::unordered_map<std::string_view, const Method*> index;
    for (const Method& method : kMethods) index.emplace(method.path, &method);
    return index;
  }();
  const auto found = kIndex.find(path);
  return found != kIndex.end() ? found->second : nullptr;
}

}  // namespace pullseal::cri
