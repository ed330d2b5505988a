// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/reporter.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "fakes/fake_clock.h"
#include "gate/gate/snapshot.h"

namespace pullseal::daemon {
namespace {

class ReporterTest : public ::testing::Test {
 protected:
  ReporterTest() {
    decision_.reason = gate::Reason::kSignatureMissing;
    decision_.rule = "app";
    decision_.labels = {{"team", "web"}, {"secret", "x"}};
    event_.action = "pull";
    event_.image = "reg.io/app:1";
    event_.pod_namespace = "shop";
  }
  std::unique_ptr<audit::AuditLog> Log(const std::string& path) {
    auto log = audit::AuditLog::Open(audit::Options{path, "node"}, clock_);
    EXPECT_TRUE(log.ok());
    return std::move(*log);
  }

  fakes::FakeClock clock_;
  metrics::Metrics metrics_;
  gate::Event event_;
  gate::Decision decision_;
};

TEST_F(ReporterTest, RuleLabelsAreToldWhereTheConfigListsThem) {
  const std::string path = ::testing::TempDir() + "/pullseal_reporter.jsonl";
  std::filesystem::remove(path);
  const auto log = Log(path);
  Reports reports(*log, metrics_, clock_, ReportOptions{{"team", "absent"}, false});
  EXPECT_TRUE(reports.Report(event_, decision_, nullptr).ok());
  const std::string text = metrics_.Text();
  EXPECT_NE(std::string::npos, text.find("rule_team=\"web\"")) << text;
  EXPECT_NE(std::string::npos, text.find("rule_absent=\"\"")) << text;
  EXPECT_EQ(std::string::npos, text.find("secret"));
  EXPECT_EQ(1, reports.Counts().at("deny"));
}

// What cannot be recorded is refused under an enforcing policy, unless the operator chose otherwise.
TEST_F(ReporterTest, WhatCannotBeRecordedIsRefusedUnlessTheConfigSaysOtherwise) {
  const auto log = Log("/dev/full");
  decision_.reason = gate::Reason::kSigned;
  for (const bool allow : {false, true}) {
    Reports reports(*log, metrics_, clock_, ReportOptions{{}, allow});
    gate::Decision decision = decision_;
    EXPECT_EQ(allow ? gate::Standing::kGoesOn : gate::Standing::kRefused,
              gate::Settle(reports, event_, nullptr, decision));
    EXPECT_EQ(allow ? gate::Reason::kSigned : gate::Reason::kAuditUnavailable, decision.reason);
  }
  EXPECT_NE(std::string::npos, metrics_.Text().find("pullseal_audit_write_errors_total 2"));
}

// What break-glass let through is told apart, and a canary's fate can be asked for.
TEST_F(ReporterTest, BreakGlassAndCanariesAreTold) {
  const std::string path = ::testing::TempDir() + "/pullseal_reporter_glass.jsonl";
  std::filesystem::remove(path);
  const auto log = Log(path);
  Reports reports(*log, metrics_, clock_, ReportOptions{{}, false});
  gate::Snapshot open{policy::Policy(), std::nullopt, true};
  open.policy.mode = policy::Mode::kAudit;
  gate::Decision decision = decision_;
  EXPECT_EQ(gate::Standing::kOnlyRecorded, gate::Settle(reports, event_, &open, decision)) << "it goes on";
  EXPECT_NE(std::string::npos, metrics_.Text().find("mode=\"break-glass\"")) << metrics_.Text();
  EXPECT_EQ("", reports.CanaryOutcome("reg.io/app:1")) << "no canary";
  event_.action = "canary";
  event_.image = "canary.pullseal.invalid/x:1";
  EXPECT_TRUE(reports.Report(event_, decision_, nullptr).ok());
  EXPECT_EQ("deny signature-missing", reports.CanaryOutcome("canary.pullseal.invalid/x:1"));
}

}  // namespace
}  // namespace pullseal::daemon
