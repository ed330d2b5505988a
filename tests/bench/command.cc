// SPDX-License-Identifier: Apache-2.0
#include "bench/command.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "lab/process.h"

namespace pullseal::bench {

Cost Measure(const std::vector<std::string>& command) {
  std::vector<std::string> all = {"/proc/self/exe", "--measure"};
  all.insert(all.end(), command.begin(), command.end());
  const auto done = lab::Execute(all);
  Cost out;
  if (done.status != 0 || std::sscanf(done.text.c_str(), "%lf %ld", &out.wall, &out.peak_kib) != 2) {
    throw std::runtime_error(command[0] + " failed: " + done.text);
  }
  return out;
}

int MeasureHere(char** command) {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (std::freopen("/dev/null", "w", stdout) == nullptr || std::freopen("/dev/null", "w", stderr) == nullptr) {
      ::_exit(126);
    }
    ::execv(command[0], command);
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  ::wait4(pid, &status, 0, &usage);
  std::printf("%.6f %ld\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
              usage.ru_maxrss);
  return status == 0 ? 0 : 1;
}

SideBySide Compare(const std::vector<std::string>& ours, const std::vector<std::string>& theirs, int rounds) {
  std::vector<Seconds> a;
  std::vector<Seconds> b;
  SideBySide out;
  for (int i = 0; i < rounds; ++i) {
    const Cost reference = Measure(theirs);
    const Cost own = Measure(ours);
    b.push_back(reference.wall);
    a.push_back(own.wall);
    out.theirs.peak_kib = std::max(out.theirs.peak_kib, reference.peak_kib);
    out.ours.peak_kib = std::max(out.ours.peak_kib, own.peak_kib);
  }
  out.ours.wall = Median(a);
  out.theirs.wall = Median(b);
  return out;
}

}  // namespace pullseal::bench
