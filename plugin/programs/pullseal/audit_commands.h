// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_AUDIT_COMMANDS_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_AUDIT_COMMANDS_H_

#include <cstddef>
#include <string>

// The subcommands of `pullseal audit`. They read files and need no daemon.
namespace pullseal::cli {

// Proves the chain of an audit log, rotated files included. 0 whole, 1 broken, 2 cannot be read.
int AuditVerify(const std::string& file, const std::string& head, bool json);

struct TailOptions {
  std::string file = "/var/log/pullseal/audit.jsonl";
  std::size_t lines = 20;
  std::string outcome;  // only records of this outcome; empty: all
  bool follow = false;  // go on with what is written, across rotations, until killed
  bool json = false;
};

// Prints the last records, one line each.
int AuditTail(const TailOptions& options);

}  // namespace pullseal::cli

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_AUDIT_COMMANDS_H_
