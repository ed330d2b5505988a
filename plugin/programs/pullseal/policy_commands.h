// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_POLICY_COMMANDS_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_POLICY_COMMANDS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

// `pullseal policy ...`: what a policy says, without a daemon and without a network. Each writes to standard output and
// returns the process's exit status: 0 good, 1 bad or not covered, 2 could not look.
namespace pullseal::cli {

// Reads a policy as the daemon would.
int PolicyCheck(const std::string& file, bool json);

// Says which rules decide about an image (for a pod's `sandbox`: about the pause image), without asking any registry.
int PolicyTest(const std::string& file, const std::string& image, const std::optional<std::string>& pod_namespace,
               const std::vector<std::string>& node_labels, bool sandbox, bool json);

// Labels given as key=value; absent if none were.
std::optional<std::map<std::string, std::string>> ToLabels(const std::vector<std::string>& pairs);

}  // namespace pullseal::cli

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_POLICY_COMMANDS_H_
