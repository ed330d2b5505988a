// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CONTAINERD_LIMITS_H_
#define PULLSEAL_IMAGE_CONTAINERD_LIMITS_H_

#include <chrono>
#include <cstddef>

#include "core/base/units.h"

// What image/containerd reads and how often, each with its reason.
namespace pullseal::limits {

inline constexpr std::size_t kImportedFiles = 64;     // of one configuration; nodes have a handful of drop-ins
inline constexpr std::size_t kNoteBytes = 64 * kKiB;  // a name, folders and at most kImportedFiles paths
inline constexpr std::size_t kNotedPathBytes = 4096;  // PATH_MAX
// How old what is known may be: a change of the configuration counts for containerd after its restart only.
inline constexpr milliseconds kSettingsAge{1000};

}  // namespace pullseal::limits

#endif  // PULLSEAL_IMAGE_CONTAINERD_LIMITS_H_
