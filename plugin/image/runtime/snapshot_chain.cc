// SPDX-License-Identifier: Apache-2.0
#include "image/runtime/snapshot_chain.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/base/bytes.h"

namespace pullseal::runtime {
namespace {

// Labels that a snapshotter inherits, and so may take content from (core/snapshots/snapshotter.go).
constexpr std::string_view kInherited = "containerd.io/snapshot/";
// On every layer of every pull that unpacks.
constexpr const char* kSnapshotRef = "containerd.io/snapshot.ref";
// Of the unpacker, from containerd 2.3.3 on.
constexpr std::string_view kDiffId = "containerd.io/snapshot/diff-id";
constexpr std::string_view kParent = "containerd.io/snapshot/parent-chain-id";
// Of the CRI (pkg/snapshotters/annotations.go). The last three tell of whoever unpacked the layer first.
constexpr std::string_view kLayerDigest = "containerd.io/snapshot/cri.layer-digest";
constexpr std::array<std::string_view, 3> kFirstPuller = {"containerd.io/snapshot/cri.manifest-digest",
                                                          "containerd.io/snapshot/cri.image-ref",
                                                          "containerd.io/snapshot/cri.image-layers"};

// What snapshotters write themselves, which says nothing about where the content is from: stargz-snapshotter
// snapshot/snapshot.go; accelerated-container-image pkg/label/label.go.
struct OwnLabel {
  std::string_view snapshotter;
  std::string_view label;
  std::string_view value;  // empty: any
};
constexpr std::array<OwnLabel, 3> kOwn = {{
    {"stargz", "containerd.io/snapshot/remote", "remote snapshot"},
    {"overlaybd", "containerd.io/snapshot/remote", "remote snapshot"},
    {"overlaybd", "containerd.io/snapshot/image-ref", ""},
}};

bool IsOwn(const std::string& snapshotter, std::string_view label, std::string_view value) {
  return std::any_of(kOwn.begin(), kOwn.end(), [&](const OwnLabel& one) {
    return one.snapshotter == snapshotter && one.label == label && (one.value.empty() || one.value == value);
  });
}

bool IsOfUnpacker(std::string_view label) { return label == kDiffId || label == kParent; }

bool IsOfFirstPuller(std::string_view label) {
  return std::find(kFirstPuller.begin(), kFirstPuller.end(), label) != kFirstPuller.end();
}

// Whether the value says what the layer's documents say; for labels that others write beside the author.
bool Fits(const Layer& layer, std::string_view label, std::string_view value) {
  if (label == kDiffId) return value == layer.diff_id;
  if (label == kParent) return value == layer.parent;
  if (label == kLayerDigest) return value == layer.descriptor.digest.text();
  const auto written = layer.descriptor.annotations.find(std::string(label));
  return written != layer.descriptor.annotations.end() && written->second == value;
}

Error Differs(const Layer& layer, std::string_view label) {
  return Error{ErrorCode::kMismatch, "snapshot " + layer.chain_id +
                                         " has not the judged layer's content by its label " + Printable(label, 200)};
}

std::string Mapping(const IdMapping& mapping, std::uint32_t length) {
  return R"([{"containerID":0,"hostID":)" + std::to_string(mapping.host_id) + R"(,"size":)" + std::to_string(length) +
         "}]";
}

}  // namespace

bool ChecksDiffIds(const std::string& snapshotter, bool annotations) {
  constexpr std::array<std::string_view, 6> kChecking = {"overlayfs", "native",    "btrfs",
                                                         "zfs",       "devmapper", "blockfile"};
  if (snapshotter == "erofs") return !annotations;
  return std::find(kChecking.begin(), kChecking.end(), snapshotter) != kChecking.end();
}

Status CompareLabels(const Layer& layer, const std::string& snapshotter, const Snapshot& snapshot, bool annotations) {
  bool applied = !snapshot.labels.contains(kSnapshotRef);
  for (const auto& [label, value] : snapshot.labels) {
    if (!label.starts_with(kInherited)) continue;
    applied = false;
    if (!annotations && !IsOfUnpacker(label)) return Differs(layer, label);
    if (IsOfFirstPuller(label) || IsOwn(snapshotter, label, value)) continue;
    if (!Fits(layer, label, value)) return Differs(layer, label);
  }
  if (applied) return {};
  for (const auto& [name, value] : layer.descriptor.annotations) {
    if (!name.starts_with(kInherited) || IsOfUnpacker(name) || name == kLayerDigest || IsOfFirstPuller(name)) continue;
    const auto written = snapshot.labels.find(name);
    if (written == snapshot.labels.end() || written->second != value) return Differs(layer, name);
  }
  return {};
}

std::vector<std::string> RemappedNames(const std::string& chain_id, const UserNamespace& mapping) {
  if (mapping.uids.size() != 1 || mapping.gids.size() != 1) return {};
  const IdMapping& uid = mapping.uids.front();
  const IdMapping& gid = mapping.gids.front();
  if (uid.container_id != 0 || gid.container_id != 0) return {};
  // The CRI hands on the users' length for both (WithRemapperLabels).
  const std::string document = R"({"Parent":")" + chain_id + R"(","IDMap":{"UidMap":)" + Mapping(uid, uid.length) +
                               R"(,"GidMap":)" + Mapping(gid, uid.length) + "}";
  return {oci::Digest::Of(AsBytes(document + "}")).text(),
          oci::Digest::Of(AsBytes(document + R"(,"Version":1})")).text(),
          chain_id + "-" + std::to_string(uid.host_id) + "-" + std::to_string(gid.host_id)};
}

}  // namespace pullseal::runtime
