#ifndef PULLSEAL_REGISTRY_COMMAND_H_
#define PULLSEAL_REGISTRY_COMMAND_H_

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace pullseal::registry {

// Command is a program of the node that is asked for credentials. It gets this process's environment and `environment`
// on top, `input` as its standard input, no other open file, and no more rights than reading files and the network
// need: all capabilities but CAP_DAC_READ_SEARCH and CAP_DAC_OVERRIDE are gone for good, and it can gain none.
struct Command {
  std::string path;
  std::vector<std::string> arguments;  // without the program's name
  std::vector<std::pair<std::string, std::string>> environment;
  std::string input;
  std::chrono::milliseconds time{0};  // after it the program and all it started are killed
  std::size_t most = 0;               // bytes of standard output; more is kLimit
};

// RunCommand returns what it wrote to standard output once it has ended well. kTimeout, kLimit; kUnavailable where it
// cannot be started or ends with a status other than 0. What it writes to standard error is dropped: it may hold
// secrets.
Result<Secret> RunCommand(const Command& command);

}  // namespace pullseal::registry

#endif  // PULLSEAL_REGISTRY_COMMAND_H_
