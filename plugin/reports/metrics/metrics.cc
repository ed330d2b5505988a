// SPDX-License-Identifier: Apache-2.0
#include "reports/metrics/metrics.h"

#include <cstdio>

#include "core/base/mutex.h"
#include "reports/metrics/limits.h"

namespace pullseal::metrics {
namespace {

struct Description {
  std::string_view name;
  std::string_view type;
  std::string_view help;
};

constexpr std::array kDescriptions = {
    Description{"pullseal_decisions_total", "counter", "Decisions of the gate."},
    Description{"pullseal_decision_seconds", "histogram", "Time from the request to the decision."},
    Description{"pullseal_cache_total", "counter", "Where decisions came from: hit, evidence, miss."},
    Description{"pullseal_registry_configuration_errors_total", "counter",
                "Files about registries that were passed over because they are broken."},
    Description{"pullseal_registry_requests_total", "counter", "Requests to registries; code 0 is no answer."},
    Description{"pullseal_forwarded_calls_total", "counter", "CRI calls that ended, by gRPC status code."},
    Description{"pullseal_policy_info", "gauge", "The policy in force; always 1."},
    Description{"pullseal_policy_loaded_timestamp_seconds", "gauge", "When the policy in force was loaded."},
    Description{"pullseal_policy_reload_errors_total", "counter", "Policies that were refused."},
    Description{"pullseal_key_expiry_timestamp_seconds", "gauge", "When a key of the policy expires."},
    Description{"pullseal_exception_expiry_timestamp_seconds", "gauge", "When an exception of the policy expires."},
    Description{"pullseal_audit_write_errors_total", "counter", "Decisions that could not be recorded."},
    Description{"pullseal_audit_on_reserve", "gauge",
                "1 while the audit log is written into its reserve: the disk is full."},
    Description{"pullseal_break_glass_until_timestamp_seconds", "gauge",
                "When break-glass ends; 0 while it is not open."},
    Description{"pullseal_self_test_good", "gauge",
                "1 if the last self-test went from relay to judge and back as it should."},
    Description{"pullseal_unknown_fields_total", "counter", "Judged requests with fields this version does not know."},
    Description{"pullseal_build_info", "gauge", "The running version; always 1."},
};

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string Join(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) out += (out.empty() ? "" : ",") + name + "=\"" + Escape(value) + "\"";
  return out;
}

std::string Number(double value) {
  char out[40];
  std::snprintf(out, sizeof out, "%.15g", value);
  return out;
}

std::string Series(std::string_view name, const std::string& labels, const std::string& extra, double value) {
  std::string all = labels;
  if (!extra.empty()) all += (all.empty() ? "" : ",") + extra;
  return std::string(name) + (all.empty() ? "" : "{" + all + "}") + " " + Number(value) + "\n";
}

}  // namespace

void Metrics::Add(std::string_view name, const Labels& labels, double amount) {
  const MutexLock lock(mutex_);
  auto& series = values_[std::string(name)];
  const std::string key = Join(labels);
  const auto found = series.find(key);
  if (found != series.end()) {
    found->second += amount;
  } else if (series_ < limits::kMetricSeries) {
    series[key] = amount;
    ++series_;
  }
}

void Metrics::Set(std::string_view name, const Labels& labels, double value) {
  const MutexLock lock(mutex_);
  auto& series = values_[std::string(name)];
  const std::string key = Join(labels);
  if (!series.contains(key) && series_++ >= limits::kMetricSeries) return;
  series[key] = value;
}

void Metrics::Clear(std::string_view name) {
  const MutexLock lock(mutex_);
  const auto found = values_.find(std::string(name));
  if (found == values_.end()) return;
  series_ -= found->second.size();
  values_.erase(found);
}

void Metrics::Time(std::string_view name, const Labels& labels, double seconds) {
  const MutexLock lock(mutex_);
  Histogram& histogram = histograms_[std::string(name)][Join(labels)];
  for (std::size_t i = 0; i < kBuckets.size(); ++i) {
    if (seconds <= kBuckets[i]) ++histogram.buckets[i];
  }
  ++histogram.count;
  histogram.sum += seconds;
}

std::string Metrics::BoundedNamespace(const std::string& pod_namespace) {
  const MutexLock lock(mutex_);
  if (namespaces_.contains(pod_namespace)) return pod_namespace;
  if (namespaces_.size() >= limits::kMetricNamespaces) return "other";
  namespaces_.insert(pod_namespace);
  return pod_namespace;
}

std::string Metrics::Text() const {
  const MutexLock lock(mutex_);
  std::string out;
  for (const Description& one : kDescriptions) {
    const std::string name(one.name);
    out += "# HELP " + name + " " + std::string(one.help) + "\n# TYPE " + name + " " + std::string(one.type) + "\n";
    if (const auto found = values_.find(name); found != values_.end()) {
      for (const auto& [labels, value] : found->second) out += Series(name, labels, "", value);
    }
    const auto found = histograms_.find(name);
    if (found == histograms_.end()) continue;
    for (const auto& [labels, histogram] : found->second) {
      for (std::size_t i = 0; i < kBuckets.size(); ++i) {
        out += Series(name + "_bucket", labels, "le=\"" + Number(kBuckets[i]) + "\"",
                      static_cast<double>(histogram.buckets[i]));
      }
      out += Series(name + "_bucket", labels, "le=\"+Inf\"", static_cast<double>(histogram.count));
      out += Series(name + "_sum", labels, "", histogram.sum);
      out += Series(name + "_count", labels, "", static_cast<double>(histogram.count));
    }
  }
  return out;
}

}  // namespace pullseal::metrics
