// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_PROGRAMS_PULLSEAL_LIVE_COMMANDS_H_
#define PULLSEAL_PROGRAMS_PULLSEAL_LIVE_COMMANDS_H_

#include <optional>
#include <string>
#include <vector>

// The subcommands that ask a running daemon. Each returns the process's exit status: 0 good, 1 where an image is
// refused, 2 where the daemon cannot be asked.
namespace pullseal::cli {

struct LiveOptions {
  std::string socket = "/run/pullseal/admin/admin.sock";
  bool json = false;
};

// What the daemon is and does: version, policy in force, caches, audit log.
int DaemonStatus(const LiveOptions& options);
// The images whose signatures are known.
int CacheList(const LiveOptions& options);
// Forgets them, and all verdicts.
int CacheFlush(const LiveOptions& options);
// Has the daemon judge images ahead of a roll-out; tells each answer as it comes.
int Warm(const LiveOptions& options, const std::vector<std::string>& images,
         const std::optional<std::string>& pod_namespace);

// Has the daemon note that what containerd has under these names came from there: root's word. 1 if one is not there.
int Note(const LiveOptions& options, const std::vector<std::string>& images);
// Has it remove every note; 2 if it cannot.
int ForgetNotes(const LiveOptions& options);

// Running prints what runs on the node and what the policy, or the file `policy`, says of it; 1 if anything would be
// refused.
int Running(const LiveOptions& options, const std::string& policy, bool only_denied);

// BreakGlass opens the gate for `duration` ("30m"), or ends that.
int BreakGlass(const LiveOptions& options, const std::string& duration, const std::string& reason, bool end);

}  // namespace pullseal::cli

#endif  // PULLSEAL_PROGRAMS_PULLSEAL_LIVE_COMMANDS_H_
