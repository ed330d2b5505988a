// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_DOCTOR_SOCKETS_H_
#define PULLSEAL_NODE_DOCTOR_SOCKETS_H_

#include <string>
#include <vector>

#include "core/base/result.h"

namespace pullseal::doctor {

// Process is who is on the other end of a socket.
struct Process {
  int pid = 0;
  std::string name;  // as the kernel has it, 15 characters at most
};

// ClientsOf lists the processes that are connected to the listening unix socket `path`, by what the kernel says
// (sock_diag(7), unix sockets). Takes root. kUnavailable if the kernel does not say.
Result<std::vector<Process>> ClientsOf(const std::string& path);

}  // namespace pullseal::doctor

#endif  // PULLSEAL_NODE_DOCTOR_SOCKETS_H_
