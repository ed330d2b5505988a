// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_COMMAND_H_
#define PULLSEAL_CORE_BASE_COMMAND_H_

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/base/secret.h"

namespace pullseal {

// Command is a program of the node that is run to its end. It gets this process's environment and `environment` on top,
// `input` as its standard input, and no other open file. Unless `keeps_rights`, it has no more rights than reading
// files and the network need: all capabilities but CAP_DAC_READ_SEARCH and CAP_DAC_OVERRIDE are gone for good, and it
// can gain none.
struct Command {
  std::string path;
  std::vector<std::string> arguments;  // without the program's name
  std::vector<std::pair<std::string, std::string>> environment;
  std::string input;
  std::chrono::milliseconds time{0};  // after it the program and all it started are killed
  std::size_t most = 0;               // bytes of output; more is kLimit
  bool keeps_rights = false;
  // Standard error is taken for output too, and told where the command fails. Otherwise it is dropped: it may hold
  // secrets.
  bool tells_errors = false;
};

// RunCommand returns what it wrote to standard output once it has ended well. kTimeout, kLimit; kUnavailable where it
// cannot be started or ends with a status other than 0.
Result<Secret> RunCommand(const Command& command);

}  // namespace pullseal

#endif  // PULLSEAL_CORE_BASE_COMMAND_H_
