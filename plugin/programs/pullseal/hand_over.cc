// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseal/hand_over.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "node/install/limits.h"

namespace pullseal::cli {
namespace {
constexpr int kCannotRun = 2;
}  // namespace

int HandOver(const char* program) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto line = ReadFile("/proc/self/cmdline", limits::kNodeCommandBytes);
  // Without its folder the name alone would mean a file where the caller happens to stand.
  if (error || !self.is_absolute() || !line || line->empty()) {
    std::fprintf(stderr, "pullseal: %s cannot be run: /proc does not tell where this program lies\n", program);
    return kCannotRun;
  }
  const std::string path = (self.parent_path() / program).string();
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line->size(); at = line->find('\0', at) + 1) {
    words.push_back(line->substr(at, line->find('\0', at) - at));
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(path.c_str(), arguments.data());
  std::fprintf(stderr, "pullseal: %s cannot be run; it is installed beside this program, and of the same version\n",
               path.c_str());
  return kCannotRun;
}

}  // namespace pullseal::cli
