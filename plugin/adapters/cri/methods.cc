// SPDX-License-Identifier: Apache-2.0
#include "adapters/cri/methods.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace pullseal::cri {
namespace {

using relay::Method;
using relay::Turn;

constexpr Method Pass(std::string_view path) { return Method{.path = path}; }
constexpr Method Stream(std::string_view path) { return Method{.path = path, .streaming = true}; }
constexpr Method Judged(std::string_view path, MethodKind kind, bool own_connection) {
  return Method{.path = path,
                .judged = true,
                .own_connection = own_connection,
                .turn = kind == MethodKind::kPull ? Turn::kPull : Turn::kUsual,
                .kind = static_cast<std::uint8_t>(kind)};
}

constexpr std::array kMethods = {
    Pass("/runtime.v1.RuntimeService/Version"),
    Judged("/runtime.v1.RuntimeService/RunPodSandbox", MethodKind::kSandbox, true),
    Pass("/runtime.v1.RuntimeService/StopPodSandbox"),
    Pass("/runtime.v1.RuntimeService/RemovePodSandbox"),
    Pass("/runtime.v1.RuntimeService/PodSandboxStatus"),
    Pass("/runtime.v1.RuntimeService/ListPodSandbox"),
    Judged("/runtime.v1.RuntimeService/CreateContainer", MethodKind::kCreate, true),
    Judged("/runtime.v1.RuntimeService/StartContainer", MethodKind::kStart, true),
    Pass("/runtime.v1.RuntimeService/StopContainer"),
    Pass("/runtime.v1.RuntimeService/RemoveContainer"),
    Pass("/runtime.v1.RuntimeService/ListContainers"),
    Pass("/runtime.v1.RuntimeService/ContainerStatus"),
    Pass("/runtime.v1.RuntimeService/UpdateContainerResources"),
    Pass("/runtime.v1.RuntimeService/ReopenContainerLog"),
    Method{.path = "/runtime.v1.RuntimeService/ExecSync", .own_connection = true},
    Pass("/runtime.v1.RuntimeService/Exec"),
    Pass("/runtime.v1.RuntimeService/Attach"),
    Pass("/runtime.v1.RuntimeService/PortForward"),
    Pass("/runtime.v1.RuntimeService/ContainerStats"),
    Pass("/runtime.v1.RuntimeService/ListContainerStats"),
    Pass("/runtime.v1.RuntimeService/PodSandboxStats"),
    Pass("/runtime.v1.RuntimeService/ListPodSandboxStats"),
    Pass("/runtime.v1.RuntimeService/UpdateRuntimeConfig"),
    Pass("/runtime.v1.RuntimeService/Status"),
    Judged("/runtime.v1.RuntimeService/CheckpointContainer", MethodKind::kCheckpoint, false),
    Judged("/runtime.v1.RuntimeService/CheckpointPod", MethodKind::kCheckpoint, false),
    Judged("/runtime.v1.RuntimeService/RestorePod", MethodKind::kRestore, false),
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
    Judged("/runtime.v1.ImageService/PullImage", MethodKind::kPull, true),
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
