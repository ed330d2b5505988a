// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_TRUST_ARCHIVE_H_
#define PULLSEAL_NODE_TRUST_ARCHIVE_H_

#include <map>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pullseal::trust {

// ReadArchive lists the regular files of a tar archive (POSIX ustar, pax names, GNU long names) by their names, without
// "./" in front; of two of one name the later one counts, as in tar. Folders, links and devices are passed over:
// nothing is ever unpacked. The views are of `bytes`. kInvalid; kLimit beyond limits::kTrustArchiveEntries. Pure.
Result<std::map<std::string, std::string_view>> ReadArchive(std::string_view bytes);

}  // namespace pullseal::trust

#endif  // PULLSEAL_NODE_TRUST_ARCHIVE_H_
