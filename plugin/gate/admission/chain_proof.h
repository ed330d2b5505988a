// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ADMISSION_CHAIN_PROOF_H_
#define PULLSEAL_GATE_ADMISSION_CHAIN_PROOF_H_

#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gate/admission/services.h"
#include "image/runtime/image_link.h"
#include "image/runtime/runtime.h"

namespace pullseal::admission {

// ChainProof proves that the snapshots a container stands on have the content of the image that was judged. Errors:
// kMismatch, kInvalid and kNotFound are certain, the others mean that nothing is known. Thread-safe.
class ChainProof {
 public:
  explicit ChainProof(const Services& services) : services_(services) {}

  // That `container` stands on the snapshot `chain_id`; or, where its pod has a user namespace, on the copy of that one
  // which containerd makes for this mapping and no other: by its exact name, and standing on `chain_id` itself. (What
  // the parent's parent is would prove nothing alone: an image that was built on the judged one has it too.)
  Status ProveParent(const std::string& chain_id, const runtime::Container& container, SteadyTime deadline);

  // That each snapshot of the image's chain has its layer's content: by the snapshotter, where containerd compared each
  // layer that it applied; else layer by layer (runtime::CompareLabels).
  Status ProveLayers(const runtime::Link& link, const std::string& snapshotter, SteadyTime deadline);

 private:
  Status ProveRemapped(const std::string& chain_id, const runtime::Container& container, SteadyTime deadline);

  const Services& services_;
};

}  // namespace pullseal::admission

#endif  // PULLSEAL_GATE_ADMISSION_CHAIN_PROOF_H_
