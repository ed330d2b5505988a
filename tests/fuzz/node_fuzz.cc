// SPDX-License-Identifier: Apache-2.0
// What is read of a node: units, containerd's configuration, what an earlier change wrote down, a doctor's report.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/doctor/containerd.h"
#include "node/doctor/doctor.h"
#include "node/install/kubelet.h"
#include "node/install/transaction.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto unit = install::ParseKubeletUnit(text)) {
    // Whatever it was, what we write over it names our socket, and on one line each.
    const std::string lines = install::EndpointOverride(*unit, "/run/pullseal/cri/cri.sock");
    if (lines.find("--container-runtime-endpoint=unix:///run/pullseal/cri/cri.sock") == std::string::npos)
      __builtin_trap();
    if (std::count(lines.begin(), lines.end(), '\n') > 1) __builtin_trap();
  }
  (void)doctor::ParseContainerdDump(text);
  if (const auto report = doctor::FromJson(text)) {
    if (!doctor::FromJson(doctor::ToJson(*report))) __builtin_trap();
  }
  if (const auto record = install::RecordFromJson(text)) {
    const auto again = install::RecordFromJson(install::ToJson(*record));
    if (!again || again->before != record->before || again->folders != record->folders) __builtin_trap();
  }
  return 0;
}
