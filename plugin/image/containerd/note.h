// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_IMAGE_CONTAINERD_NOTE_H_
#define PULLSEAL_IMAGE_CONTAINERD_NOTE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "image/containerd/settings.h"

namespace pullseal::containerd {

// Where the note lies below the daemon's state folder.
inline constexpr std::string_view kNoteName = "/containerd.json";

// Note is what a process on the host found of containerd's configuration, for the daemon, which sees no containerd
// program and no more than /etc.
struct Note {
  friend bool operator==(const Note&, const Note&) = default;
  std::string version;       // of containerd, as it told it
  std::int64_t started = 0;  // when that containerd started, seconds since 1970; 0: not known
  Settings settings;         // as they were when containerd read them
  std::string newer;         // a file changed since, which counts after its restart only; empty: none
};

// One JSON object on a line: {"note": 1, "version", "started", "major", "sandbox_image", "sandbox_image_from",
// "config_path", "config_path_from", "old_registries", "files", "newer"}; what is not known is left out.
std::string ToText(const Note& note);
// Reads that back. kInvalid, kLimit.
Result<Note> ParseNote(std::string_view text);

}  // namespace pullseal::containerd

#endif  // PULLSEAL_IMAGE_CONTAINERD_NOTE_H_
