// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_DOCTOR_CONTAINERD_H_
#define PULLSEAL_NODE_DOCTOR_CONTAINERD_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pullseal::doctor {

// ContainerdSettings is what of containerd's configuration decides whether its image verifiers are asked (containerd,
// docs/image-verification.md, and the fallbacks of its CRI image service to pulling without them).
struct ContainerdSettings {
  std::string snapshotter;
  std::string bin_dir = "/opt/containerd/image-verifier/bin";
  int max_verifiers = 10;
  // Each setting under which a pull by CRI passes its verifiers by, as one would write it.
  std::vector<std::string> passes_by;
};

// ParseContainerdDump reads what `containerd config dump` prints: the whole configuration, defaults included. kInvalid.
Result<ContainerdSettings> ParseContainerdDump(std::string_view text);

// VerifiersCoverCri says whether the CRI of that containerd ("2.1.9") asks image verifiers at all: from 2.1 on.
bool VerifiersCoverCri(std::string_view version);

}  // namespace pullseal::doctor

#endif  // PULLSEAL_NODE_DOCTOR_CONTAINERD_H_
