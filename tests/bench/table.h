// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_BENCH_TABLE_H_
#define PULLSEAL_BENCH_TABLE_H_

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

// What the benchmarks share: the table they print, and measuring turn by turn.
namespace pullseal::bench {

using Seconds = double;

struct Table {
  int met = 0;
  int missed = 0;
  void Row(const char* name, const std::string& ours, const std::string& reference, double ratio, const char* sign,
           double target) {
    const bool good = std::string(sign) == "<=" ? ratio <= target : ratio >= target;
    (good ? met : missed) += 1;
    std::printf("%-58s %14s %14s %8.3f %s %-7.3g %s\n", name, ours.c_str(), reference.c_str(), ratio, sign, target,
                good ? "met" : "MISSED");
    std::fflush(stdout);
  }
};

inline Seconds Time(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

inline Seconds Median(std::vector<Seconds> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

inline std::string Micro(Seconds time) {
  char out[40];
  std::snprintf(out, sizeof out, "%.2f us", time * 1e6);
  return out;
}
inline std::string Milli(Seconds time) {
  char out[40];
  std::snprintf(out, sizeof out, "%.2f ms", time * 1e3);
  return out;
}
inline std::string Mib(double kib) {
  char out[40];
  std::snprintf(out, sizeof out, "%.1f MiB", kib / 1024);
  return out;
}

// Two things measured turn by turn.
inline std::pair<Seconds, Seconds> Interleaved(int rounds, const std::function<void()>& ours,
                                               const std::function<void()>& reference) {
  std::vector<Seconds> a;
  std::vector<Seconds> b;
  for (int i = 0; i < rounds; ++i) {
    b.push_back(Time(reference));
    a.push_back(Time(ours));
  }
  return {Median(a), Median(b)};
}

// Rows that need no node: requests per layout, and how decisions and memory grow with what is known. In growth.cc.
void Layouts(Table& table);
void Growth(Table& table);
void Keyless(Table& table);

}  // namespace pullseal::bench

#endif  // PULLSEAL_BENCH_TABLE_H_
