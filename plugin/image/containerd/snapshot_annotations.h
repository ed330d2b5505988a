// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CONTAINERD_SNAPSHOT_ANNOTATIONS_H_
#define PULLSEAL_IMAGE_CONTAINERD_SNAPSHOT_ANNOTATIONS_H_

#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "image/containerd/configuration.h"

namespace pullseal::containerd {

// SnapshotAnnotations says whether containerd's configuration text (TOML), version 2 or 3, lets the CRI hand images'
// names and digests to snapshotters as labels: `disable_snapshot_annotations = false`. Absent if it does not say.
// kInvalid.
Result<std::optional<bool>> SnapshotAnnotations(std::string_view text);

// The same for all files of the configuration, of which the last that says so counts; false, as by default, where none
// does or one cannot be read: then labels count for nothing.
bool HasSnapshotAnnotations(Configuration& configuration);

}  // namespace pullseal::containerd

#endif  // PULLSEAL_IMAGE_CONTAINERD_SNAPSHOT_ANNOTATIONS_H_
