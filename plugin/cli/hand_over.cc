#include "cli/hand_over.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/limits.h"

namespace pullseal::cli {
namespace {
constexpr int kCannotRun = 2;
}  // namespace

int HandOver(const char* program) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string path = (self.parent_path() / program).string();
  const auto line = ReadFile("/proc/self/cmdline", limits::kNodeCommandBytes);
  std::vector<std::string> words;
  for (std::size_t at = 0; line && at < line->size(); at = line->find('\0', at) + 1) {
    words.push_back(line->substr(at, line->find('\0', at) - at));
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(path.c_str(), arguments.data());
  std::fprintf(stderr, "pullseal: %s cannot be run\n", path.c_str());
  return kCannotRun;
}

}  // namespace pullseal::cli
