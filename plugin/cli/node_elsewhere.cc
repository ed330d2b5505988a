// `pullseal node` and `pullseal doctor` are a program of their own, beside this one: they speak CRI and know the whole
// node, and the commands that are run for every image shall not load what that takes. Here they are handed over.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/limits.h"
#include "cli/node_commands.h"

namespace pullseal::cli {
namespace {

constexpr int kCannotRun = 2;

// Becomes the other program, with the arguments this one was started with.
int HandOver() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string program = (self.parent_path() / "pullseal-node").string();
  const auto line = ReadFile("/proc/self/cmdline", limits::kNodeCommandBytes);
  std::vector<std::string> words;
  for (std::size_t at = 0; line && at < line->size(); at = line->find('\0', at) + 1) {
    words.push_back(line->substr(at, line->find('\0', at) - at));
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(program.c_str(), arguments.data());
  std::fprintf(stderr, "pullseal: %s cannot be run\n", program.c_str());
  return kCannotRun;
}

}  // namespace

int NodeInstall(NodeOptions) { return HandOver(); }
int NodeUninstall(NodeOptions) { return HandOver(); }
int NodeRollback(const NodeOptions&) { return HandOver(); }
int NodeGuard(const NodeOptions&) { return HandOver(); }
int NodeStatus(const NodeOptions&) { return HandOver(); }
int NodeAgent(const agent::AgentOptions&) { return HandOver(); }
int Doctor(const NodeOptions&) { return HandOver(); }

}  // namespace pullseal::cli
