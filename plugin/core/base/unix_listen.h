// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_UNIX_LISTEN_H_
#define PULLSEAL_CORE_BASE_UNIX_LISTEN_H_

#include <string>

#include "core/base/file.h"
#include "core/base/result.h"

namespace pullseal {

// Listen opens a listening unix socket at `path` with mode 0660. Its folder is made with mode 0700 if it is not there,
// and must belong to us with no rights for others. A socket that nobody serves any more is replaced; one that somebody
// serves is an error. kUnavailable.
Result<OwnedFd> Listen(const std::string& path);

// InheritedSocket returns the listening unix socket that systemd passed (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS), the
// first one with the name `name` in LISTEN_FDNAMES, or the only one if there are no names. Invalid fd if there is none.
OwnedFd InheritedSocket(const std::string& name);

}  // namespace pullseal

#endif  // PULLSEAL_CORE_BASE_UNIX_LISTEN_H_
