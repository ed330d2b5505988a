// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_RUNTIME_SNAPSHOT_CHAIN_H_
#define PULLSEAL_IMAGE_RUNTIME_SNAPSHOT_CHAIN_H_

#include <string>
#include <vector>

#include "core/base/result.h"
#include "image/oci/manifest.h"
#include "image/runtime/runtime.h"

// What the names and labels of containerd's snapshots say about an image's content. Pure functions; containerd's own
// sources, v1.7.34 to v2.3.3, are the source of each rule.
namespace pullseal::runtime {

// Layer is one layer of a judged image, as its manifest and its config describe it.
struct Layer {
  oci::Descriptor descriptor;
  std::string diff_id;
  std::string parent;    // chain ID of the layers below; empty for the lowest
  std::string chain_id;  // the name of its snapshot
};

// ChecksDiffIds says whether containerd applied each layer itself for this snapshotter and compared it with its diff ID
// (core/unpack/unpacker.go, "wrong diff id"), so that a chain ID commits to the content. Lazily pulling snapshotters do
// not; unknown ones are taken not to. `annotations`: the CRI hands images' names to snapshotters, without which erofs
// takes layers from nowhere else.
bool ChecksDiffIds(const std::string& snapshotter, bool annotations);

// CompareLabels says whether a lazily pulled snapshot has this layer's content. Without snapshot.ref and without labels
// below containerd.io/snapshot/ containerd applied it; else each such label must stand on the layer's descriptor with
// the same value and the other way round, because snapshotters take content from them. Excepted are what the unpacker
// and the CRI write, compared where they speak of this layer, and what the snapshotter itself writes. A label counts
// only with `annotations`, without which the CRI's own would be the author's. kMismatch.
Status CompareLabels(const Layer& layer, const std::string& snapshotter, const Snapshot& snapshot, bool annotations);

// RemappedNames returns the names that a copy of the snapshot `chain_id` can have whose owners are mapped for the user
// namespace (client/snapshotter_opts_unix.go): the SHA-256 of a JSON document in containerd 2.x, CHAIN-UID-GID in 1.7.
// None where the mapping is not a single one from root on, which containerd does not make.
std::vector<std::string> RemappedNames(const std::string& chain_id, const UserNamespace& mapping);

}  // namespace pullseal::runtime

#endif  // PULLSEAL_IMAGE_RUNTIME_SNAPSHOT_CHAIN_H_
