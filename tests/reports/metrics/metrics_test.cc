// SPDX-License-Identifier: Apache-2.0
#include "reports/metrics/metrics.h"

#include <gtest/gtest.h>

#include "core/http/http.h"
#include "reports/metrics/limits.h"
#include "reports/metrics/server.h"

namespace pullseal::metrics {
namespace {

TEST(MetricsTest, WritesThePrometheusFormat) {
  Metrics metrics;
  metrics.Add("pullseal_cache_total", {{"result", "hit\"\\\n"}});
  metrics.Add("pullseal_cache_total", {{"result", "hit\"\\\n"}}, 2);
  metrics.Time("pullseal_decision_seconds", {{"action", "pull"}}, 0.002);
  const std::string text = metrics.Text();
  EXPECT_NE(std::string::npos,
            text.find("# TYPE pullseal_cache_total counter\npullseal_cache_total{result=\"hit\\\"\\\\\\n\"} 3\n"))
      << text;
  EXPECT_NE(std::string::npos, text.find("pullseal_decision_seconds_bucket{action=\"pull\",le=\"0.005\"} 1\n"));
  EXPECT_NE(std::string::npos, text.find("pullseal_decision_seconds_bucket{action=\"pull\",le=\"0.001\"} 0\n"));
  EXPECT_NE(std::string::npos, text.find("pullseal_decision_seconds_count{action=\"pull\"} 1\n"));
}

TEST(MetricsTest, NamespacesAreBounded) {
  Metrics metrics;
  for (std::size_t i = 0; i < limits::kMetricNamespaces; ++i) metrics.BoundedNamespace(std::to_string(i));
  EXPECT_EQ("other", metrics.BoundedNamespace("one more"));
  EXPECT_EQ("7", metrics.BoundedNamespace("7"));
}

TEST(ServerTest, ServesMetricsAndNothingElse) {
  auto server = Server::Start("127.0.0.1:0", [] { return std::string("the metrics\n"); });
  ASSERT_TRUE(server.ok()) << server.error().message;
  const auto http = http::MakeCurlHttp("");
  const auto get = [&](const std::string& path) {
    http::HttpRequest request;
    request.url = *http::Url::Parse("http://127.0.0.1:" + std::to_string((*server)->port()) + path);
    request.most = 1000;
    request.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    return http->Do(request);
  };
  EXPECT_EQ("the metrics\n", get("/metrics")->body);
  EXPECT_EQ("ok\n", get("/healthz")->body);
  EXPECT_EQ(404, get("/other")->status);
  EXPECT_FALSE(Server::Start("nonsense", [] { return std::string(); }).ok());
}

}  // namespace
}  // namespace pullseal::metrics
