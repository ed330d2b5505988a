// SPDX-License-Identifier: Apache-2.0
#include "node/install/services.h"

#include <filesystem>

#include "node/install/kubelet.h"
#include "node/install/plan.h"

namespace pullseal::install {
namespace {

namespace fs = std::filesystem;

// Whether kubelet, by what its unit says now, shall speak to us.
bool KubeletIsOurs(const Host& host) { return host.Exists(kKubeletDropIn); }

}  // namespace

Status BringKubelet(const Host& host, const Tell& tell) {
  const bool ours = KubeletIsOurs(host);
  const auto running = FindKubelets(host);
  const bool uses_ours = !running.empty() && MeansSocket(running.front().runtime_endpoint, kCriSocket);
  if (!running.empty() && uses_ours == ours) return {};
  tell(ours ? "kubelet is switched to pullseal" : "kubelet is switched back to containerd");
  return host.Systemctl({"restart", "kubelet.service"});
}

Status StopAll(const Host& host, const Tell& tell) {
  tell("the daemon is stopped");
  for (const char* unit : {"pullseal-doctor.timer", "pullseal-doctor.service", "pullseal.socket",
                           "pullseal-admin.socket", "pullseald.service"}) {
    // A unit whose file is gone can still be stopped; one that never was cannot, which is as well.
    (void)host.Systemctl({"stop", unit});
    (void)host.Systemctl({"reset-failed", unit});
  }
  // Not the folder itself: a pod may have it mounted, and would see nothing of one made anew.
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(host.Path("/run/pullseal"), ignored)) {
    std::error_code stays;
    fs::remove_all(entry.path(), stays);
  }
  return {};
}

Status StartAll(const Host& host, const Tell& tell) {
  tell("the version before it is started");
  if (Status s = host.Systemctl({"start", "pullseal.socket", "pullseal-admin.socket"}); !s) return s;
  return host.Systemctl({"restart", "pullseald.service"});
}

void DropGuard(const Host& host) {
  (void)host.Systemctl({"stop", "pullseal-guard.path"});
  for (const char* path :
       {"multi-user.target.wants/pullseal-guard.path", "pullseal-guard.path", "pullseal-guard.service"}) {
    (void)host.Put(std::string(kUnits) + path, FileState());
  }
}

void DropRuntimeGuard(const Host& host) {
  for (const char* name : {"pullseal-guard.service", "pullseal-guard.path"}) {
    (void)host.Put(std::string(kRuntimeUnits) + name, FileState());
  }
}

}  // namespace pullseal::install
