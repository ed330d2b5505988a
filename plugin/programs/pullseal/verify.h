// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_VERIFY_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_VERIFY_H_

#include <optional>
#include <string>
#include <vector>

// The subcommands of `pullseal`. Each writes to standard output and returns the process's exit status: 0 allow or good,
// 1 deny or bad, 2 could not decide.
namespace pullseal::cli {

struct VerifyOptions {
  std::string image;
  std::string policy;
  std::optional<std::string> pod_namespace;
  std::vector<std::string> node_labels;  // key=value
  std::string config;                    // the daemon's, for how the node reaches registries; empty: its usual place
  std::vector<std::string> plain_http;   // beside those of the configuration
  std::string ca_file;                   // instead of the configuration's
  std::string username;
  std::string password_file;
  bool verbose = false;
  bool json = false;
};

// Judges an image with the daemon's own gate, against its registry, and explains the answer step by step.
int Verify(const VerifyOptions& options);

}  // namespace pullseal::cli

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_VERIFY_H_
