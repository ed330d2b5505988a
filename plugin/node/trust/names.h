// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_TRUST_NAMES_H_
#define PULLSEAL_NODE_TRUST_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace pullseal::trust {

// Quoted writes `text` with all but RFC 3986's unreserved characters percent-encoded: one segment of a URL or one file
// name, whatever somebody called his role or target. Beginning with a dot it stays one: add something in front of it.
std::string Quoted(std::string_view text);

// QuotedPath does the same for each segment between slashes.
std::string QuotedPath(std::string_view path);

// The file name of a role's metadata in a mirror (TUF specification section 3, 7): "7.targets.json", without the
// version where it is 0.
std::string MetadataFile(std::string_view role, std::int64_t version);

// Where a target lies in a mirror with consistent snapshots: the hash before its last segment (section 7).
std::string TargetPath(std::string_view target, std::string_view hash);

}  // namespace pullseal::trust

#endif  // PULLSEAL_NODE_TRUST_NAMES_H_
