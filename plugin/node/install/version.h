// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_INSTALL_VERSION_H_
#define PULLSEAL_NODE_INSTALL_VERSION_H_

#include <string>
#include <vector>

#include "node/install/host.h"

// Versions of pullseal on a node: each is the image's whole root file system in a folder of its own, so that it brings
// its own libraries and can be switched by one symbolic link.
namespace pullseal::install {

// The list of an image's files: SHA256SUMS as sha256sum(1) writes it, of every file but the two in this folder.
inline constexpr std::string_view kSums = "/usr/share/pullseal/SHA256SUMS";
// One line: "0.1.0-" and 12 characters of the list's own SHA-256.
inline constexpr std::string_view kVersionFile = "/usr/share/pullseal/version";

// VersionOf reads which version the image root at `folder` is (a path of this process). kInvalid if it is none.
Result<std::string> VersionOf(const std::string& folder);

// VersionFolder is where the version lies on the node.
std::string VersionFolder(const std::string& version);

// CheckVersion hashes every file that the list in `folder` names and compares. kMismatch names the first that differs
// or is missing.
Status CheckVersion(const std::string& folder);

// Stage copies the image root `source` to its folder on the node, as a whole or not at all, and checks the copy. One
// that is there already is checked and, where it differs, copied anew unless it is in use. Returns the version.
Result<std::string> Stage(const Host& host, const std::string& source);

// DropVersions removes all versions but `keep`, and what a killed Stage left. Best effort.
void DropVersions(const Host& host, const std::vector<std::string>& keep);

// LinkedVersion is the version that `link` (kCurrent, kPrevious) points to; empty if there is none.
std::string LinkedVersion(const Host& host, std::string_view link);

}  // namespace pullseal::install

#endif  // PULLSEAL_NODE_INSTALL_VERSION_H_
