// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_BENCH_COMMAND_H_
#define PULLSEAL_BENCH_COMMAND_H_

#include <string>
#include <vector>

#include "bench/table.h"

namespace pullseal::bench {

// What one whole command cost.
struct Cost {
  Seconds wall = 0;
  long peak_kib = 0;
};

// Measure runs a command in a process made for it: the peak that the kernel reports is never less than the size of the
// process that started it, and this one is large.
Cost Measure(const std::vector<std::string>& command);

// The other side of Measure, for `bench --measure COMMAND...`. Prints the cost and returns the exit status.
int MeasureHere(char** command);

// Measures two commands turn by turn, `rounds` times, and gives their medians (wall) and maxima (memory).
struct SideBySide {
  Cost ours;
  Cost theirs;
};
SideBySide Compare(const std::vector<std::string>& ours, const std::vector<std::string>& theirs, int rounds);

}  // namespace pullseal::bench

#endif  // PULLSEAL_BENCH_COMMAND_H_
