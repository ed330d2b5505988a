// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_VERIFIER_PLUGIN_ASK_H_
#define PULLSEAL_ADAPTERS_VERIFIER_PLUGIN_ASK_H_

#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace pullseal::verifier {

// Question is what containerd asks a verifier: may `digest`, which `name` was resolved to, be pulled?
struct Question {
  std::string name;
  std::string digest;
};

struct Answer {
  bool allow = false;
  std::string message;  // why not, for the pull's error
};

// Ask puts the question to the daemon behind the unix socket `socket` and waits for its answer until `deadline`. The
// daemon must run as root (SO_PEERCRED, unix(7)), and the socket must lie in a folder that only root can write to:
// else its word is worth nothing, which is an error. kUnreachable, kUnauthorized, kTimeout, kRemote.
Result<Answer> Ask(const std::string& socket, const Question& question, SteadyTime deadline);

}  // namespace pullseal::verifier

#endif  // PULLSEAL_ADAPTERS_VERIFIER_PLUGIN_ASK_H_
