// SPDX-License-Identifier: Apache-2.0
#include "image/oci/platform.h"

#include <sys/utsname.h>

namespace pullseal::oci {

bool FitsPlatform(const Descriptor& descriptor, const Platform& node) {
  if (!descriptor.platform) return true;
  const Platform& platform = *descriptor.platform;
  return (platform.os.empty() || platform.os == node.os) &&
         (platform.architecture.empty() || platform.architecture == node.architecture);
}

Platform NodePlatform() {
  utsname name{};
  std::string machine = ::uname(&name) == 0 ? name.machine : "";
  if (machine == "x86_64") machine = "amd64";
  if (machine == "aarch64") machine = "arm64";
  if (machine.starts_with("armv")) machine = "arm";
  return Platform{"linux", machine, ""};
}

}  // namespace pullseal::oci
