// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_MANUAL_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_MANUAL_H_

#include <CLI/CLI.hpp>
#include <string>

// Manual page and shell completion, made of the definitions by which the command line is parsed, so that they cannot
// say another thing.
namespace pullseal::cli {

// The page pullseal(1) in man(7) format.
std::string ManualPage(const CLI::App& app);

// A completion for bash: subcommands and options.
std::string BashCompletion(const CLI::App& app);

}  // namespace pullseal::cli

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_MANUAL_H_
