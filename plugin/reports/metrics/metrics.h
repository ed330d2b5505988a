// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_REPORTS_METRICS_METRICS_H_
#define PULLSEAL_REPORTS_METRICS_METRICS_H_

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/mutex.h"

namespace pullseal::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

// Metrics counts what the daemon does and writes it in the Prometheus text format (version 0.0.4). At most
// limits::kMetricSeries series; what would be more is dropped. Thread-safe.
class Metrics {
 public:
  void Add(std::string_view name, const Labels& labels, double amount = 1);
  void Set(std::string_view name, const Labels& labels, double value);
  // Puts `seconds` into the histogram `name`.
  void Time(std::string_view name, const Labels& labels, double seconds);
  // `pod_namespace`, or "other" once limits::kMetricNamespaces different ones were seen.
  std::string BoundedNamespace(const std::string& pod_namespace);
  // Forgets all series of `name`, before a new set of them is put in.
  void Clear(std::string_view name);

  std::string Text() const;

 private:
  static constexpr std::array<double, 14> kBuckets = {0.00001, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05,
                                                      0.1,     0.25,   0.5,    1,     2.5,   5,    20};
  struct Histogram {
    std::array<std::uint64_t, kBuckets.size()> buckets{};
    std::uint64_t count = 0;
    double sum = 0;
  };
  mutable Mutex mutex_;
  std::map<std::string, std::map<std::string, double>> values_ PULLSEAL_GUARDED_BY(mutex_);
  std::map<std::string, std::map<std::string, Histogram>> histograms_ PULLSEAL_GUARDED_BY(mutex_);
  std::set<std::string> namespaces_ PULLSEAL_GUARDED_BY(mutex_);
  std::size_t series_ PULLSEAL_GUARDED_BY(mutex_) = 0;
};

}  // namespace pullseal::metrics

#endif  // PULLSEAL_REPORTS_METRICS_METRICS_H_
