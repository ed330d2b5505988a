// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_CONTAINERD_NOTE_H_
#define PULLSEAL_NODE_INSTALL_CONTAINERD_NOTE_H_

#include <optional>
#include <string>

#include "core/base/result.h"
#include "image/containerd/note.h"
#include "node/install/host.h"

namespace pullseal::install {

inline constexpr std::string_view kContainerdNote = "/var/lib/pullseal/containerd.json";

// NoteContainerd finds out what containerd, which runs as `version`, has in force (`containerd config dump`, held
// against the files it is made of) and writes it where the daemon reads it. containerd reads its configuration at its
// start only: where a file was changed since, what was noted before stays, and the note tells of the file. Written only
// where something changed. Whatever cannot be found out leaves the note as it is: kUnavailable, kInvalid.
Result<containerd::Note> NoteContainerd(const Host& host, const std::string& version);

// What is noted; absent if nothing is, or nothing that can be read.
std::optional<containerd::Note> FindContainerdNote(const Host& host);

}  // namespace pullseal::install

#endif  // PULLSEAL_NODE_INSTALL_CONTAINERD_NOTE_H_
