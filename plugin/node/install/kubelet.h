// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_KUBELET_H_
#define PULLSEAL_NODE_INSTALL_KUBELET_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/install/host.h"

namespace pullseal::install {

// How a kubelet is set up, which decides how its endpoint can be overridden.
enum class KubeletKind {
  kAks,         // kubelet.service with $KUBELET_CONTAINERD_FLAGS, set by AKS's provisioning in a drop-in
  kKubeadm,     // kubelet.service with $KUBELET_KUBEADM_ARGS
  kStandalone,  // any other kubelet.service
};
std::string_view Text(KubeletKind kind);

// The drop-in by which we override the endpoint.
inline constexpr std::string_view kKubeletDropIn = "/etc/systemd/system/kubelet.service.d/99-pullseal.conf";
// What kubelet dials when nothing says otherwise.
inline constexpr std::string_view kContainerdEndpoint = "unix:///run/containerd/containerd.sock";

// KubeletUnit is kubelet.service as systemd has it, our own drop-in apart.
struct KubeletUnit {
  KubeletKind kind = KubeletKind::kStandalone;
  std::string exec_start;        // the command line in force, variables not expanded
  std::string containerd_flags;  // of AKS: what $KUBELET_CONTAINERD_FLAGS is set to
};

// ParseKubeletUnit reads what `systemctl cat kubelet.service` prints, without our drop-in. kInvalid if there is no
// command line that runs a kubelet.
Result<KubeletUnit> ParseKubeletUnit(std::string_view text);

// EndpointOverride returns the lines of a [Service] section that make kubelet use `socket` for runtime and images. For
// AKS the variable is set again, its other flags kept; otherwise the command line, our flags last, because the last one
// of a flag wins.
std::string EndpointOverride(const KubeletUnit& unit, std::string_view socket);

// KubeletProcess is a kubelet that runs.
struct KubeletProcess {
  int pid = 0;
  std::vector<std::string> arguments;
  std::string runtime_endpoint;  // in force, from the command line, its configuration file, or the default
  std::string image_endpoint;    // the same; empty: the runtime's
  std::string healthz_port;      // "0": none
  std::string provider_config;   // of its image credential providers; empty: none
  std::string provider_folder;
};

// FlagOf returns the last value of --`name` in a command line ("--name=value" or "--name value"); absent without it.
std::optional<std::string> FlagOf(const std::vector<std::string>& arguments, std::string_view name);

// FindKubelets looks for running kubelets in /proc.
std::vector<KubeletProcess> FindKubelets(const Host& host);

// MeansSocket says whether an endpoint as kubelet takes it ("unix:///path", or a bare path) is the socket `path`; /run
// and /var/run are the same.
bool MeansSocket(std::string_view endpoint, std::string_view path);

// KubeletSickness asks http://127.0.0.1:`port`/healthz (Kubernetes, kubelet --healthz-port); why not, or nothing.
std::optional<std::string> KubeletSickness(const std::string& port);

}  // namespace pullseal::install

#endif  // PULLSEAL_NODE_INSTALL_KUBELET_H_
