// SPDX-License-Identifier: Apache-2.0
#include "gate/admission/chain_proof.h"

#include <algorithm>
#include <vector>

#include "core/base/bytes.h"
#include "image/containerd/snapshot_annotations.h"
#include "image/runtime/snapshot_chain.h"

namespace pullseal::admission {

Status ChainProof::ProveParent(const std::string& chain_id, const runtime::Container& container, SteadyTime deadline) {
  if (container.snapshot_parent == chain_id) return {};
  Status remapped = ProveRemapped(chain_id, container, deadline);
  if (remapped || remapped.error().code != ErrorCode::kMismatch) return remapped;
  return Error{ErrorCode::kMismatch, "container " + container.id + " stands on " +
                                         Printable(container.snapshot_parent, 80) + ", not on " + chain_id};
}

Status ChainProof::ProveRemapped(const std::string& chain_id, const runtime::Container& container,
                                 SteadyTime deadline) {
  const Error differs{ErrorCode::kMismatch, "it stands on another image"};
  // A sandbox's own container is named as the sandbox is.
  const std::string& sandbox_id = container.sandbox_id.empty() ? container.id : container.sandbox_id;
  const auto sandbox = services_.runtime.FindSandbox(sandbox_id, deadline);
  if (!sandbox) return sandbox.error();
  if (!sandbox->user_namespace) return differs;
  const auto names = runtime::RemappedNames(chain_id, *sandbox->user_namespace);
  if (std::find(names.begin(), names.end(), container.snapshot_parent) == names.end()) return differs;
  const auto copy = services_.runtime.FindSnapshot(container.snapshotter, container.snapshot_parent, deadline);
  if (!copy) return copy.error();
  return copy->parent == chain_id ? Status() : Status(differs);
}

Status ChainProof::ProveLayers(const runtime::Link& link, const std::string& snapshotter, SteadyTime deadline) {
  if (runtime::ChecksDiffIds(snapshotter, true)) return {};
  const auto& configuration = services_.settings.containerd;
  const bool annotations = configuration != nullptr && containerd::HasSnapshotAnnotations(*configuration);
  if (runtime::ChecksDiffIds(snapshotter, annotations)) return {};
  const auto layers = services_.linker.Layers(link, deadline);
  if (!layers) return layers.error();
  for (const runtime::Layer& layer : *layers) {
    const auto snapshot = services_.runtime.FindSnapshot(snapshotter, layer.chain_id, deadline);
    if (!snapshot) return snapshot.error();
    if (snapshot->parent != layer.parent) {
      return Error{ErrorCode::kMismatch, "snapshot " + layer.chain_id + " stands on another one than the layer below"};
    }
    if (Status fits = runtime::CompareLabels(layer, snapshotter, *snapshot, annotations); !fits) return fits;
  }
  return {};
}

}  // namespace pullseal::admission
