// SPDX-License-Identifier: Apache-2.0
#include "node/doctor/doctor.h"

#include <gtest/gtest.h>

#include "node/doctor/containerd.h"

namespace pullseal::doctor {
namespace {

std::string Dump(const std::string& lines) {
  return "version = 3\n[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'overlayfs'\n" + lines;
}

// Each setting under which containerd 2.1 to 2.3 go back to pulling without verifiers.
TEST(ContainerdSettingsTest, EverySettingThatPassesVerifiersByIsNamed) {
  EXPECT_TRUE(ParseContainerdDump(Dump("disable_snapshot_annotations = true\nmax_concurrent_downloads = 3\n"))
                  ->passes_by.empty());
  for (const char* line :
       {"disable_snapshot_annotations = false\n", "discard_unpacked_layers = true\n",
        "image_pull_with_sync_fs = true\n", "use_local_image_pull = true\n", "max_concurrent_downloads = 5\n",
        "[plugins.'io.containerd.cri.v1.images'.registry.mirrors.'docker.io']\nendpoint = ['https://m']\n",
        "[plugins.'io.containerd.cri.v1.images'.registry.configs.'a'.tls]\nca_file = 'x'\n",
        "[plugins.'io.containerd.cri.v1.images'.registry.auths.'a']\nusername = 'x'\n"}) {
    const auto settings = ParseContainerdDump(Dump(line));
    ASSERT_TRUE(settings.ok()) << line;
    EXPECT_EQ(1u, settings->passes_by.size()) << line;
  }
}

TEST(ContainerdSettingsTest, ReadsVerifiersAndVersions) {
  const auto settings = ParseContainerdDump(
      Dump("[plugins.'io.containerd.image-verifier.v1.bindir']\nbin_dir = '/x'\nmax_verifiers = 0\n"));
  EXPECT_EQ("/x", settings->bin_dir);
  EXPECT_EQ(0, settings->max_verifiers);
  EXPECT_EQ("overlayfs", settings->snapshotter);
  EXPECT_FALSE(ParseContainerdDump("[").ok());
  EXPECT_FALSE(ParseContainerdDump(std::string("\0", 1)).ok());
  EXPECT_TRUE(ParseContainerdDump("")->passes_by.empty());
  for (const char* version : {"2.1.0", "2.1.9+unknown", "2.10.0", "3.0.0"})
    EXPECT_TRUE(VerifiersCoverCri(version)) << version;
  for (const char* version : {"2.0.5", "1.7.24", "1.6.20~ds1", "", "x"})
    EXPECT_FALSE(VerifiersCoverCri(version)) << version;
}

TEST(ReportTest, IsProvenOnlyByProofs) {
  Report report{*ParseTime("2026-11-23T10:00:00Z"), "0.1.0-x", {}};
  EXPECT_FALSE(report.proven()) << "nothing was looked at";
  report.findings.push_back(Finding{"clock", Grade::kGood, "fine", false});
  EXPECT_FALSE(report.proven()) << "nothing of it is a proof";
  report.findings.push_back(Finding{"canary", Grade::kGood, "refused", true});
  EXPECT_TRUE(report.proven());
  report.findings.push_back(Finding{"disk", Grade::kBad, "full", false});
  EXPECT_TRUE(report.proven());
  EXPECT_TRUE(report.bad());
  report.findings.push_back(Finding{"policy", Grade::kWarning, "audit", true});
  EXPECT_FALSE(report.proven());
}

TEST(ReportTest, AnOldReportProvesNothing) {
  const Report report{*ParseTime("2026-11-23T10:00:00Z"), "1", {}};
  EXPECT_TRUE(report.fresh(report.time + std::chrono::seconds(179)));
  EXPECT_FALSE(report.fresh(report.time + std::chrono::seconds(181)));
  EXPECT_FALSE(report.fresh(report.time - std::chrono::hours(1))) << "nor does one of the future";
}

TEST(ReportTest, AuditIsNoProofAndNothingElseIsExcused) {
  Report report{*ParseTime("2026-11-23T10:00:00Z"), "1", {Finding{"kubelet", Grade::kGood, "", true}}};
  report.findings.push_back(Finding{"policy", Grade::kWarning, "audit", true});
  report.findings.push_back(Finding{"canary", Grade::kWarning, "recorded", true});
  EXPECT_FALSE(report.proven());
  EXPECT_TRUE(report.audits());
  for (const Finding& one : {Finding{"canary", Grade::kBad, "", true}, Finding{"kubelet", Grade::kBad, "", true},
                             Finding{"installation", Grade::kWarning, "under way", true}}) {
    Report worse = report;
    worse.findings.push_back(one);
    EXPECT_FALSE(worse.audits()) << one.check;
  }
  EXPECT_FALSE(Report{}.audits());
}

TEST(ReportTest, IsReadBackAsItWasWritten) {
  const Report report{
      *ParseTime("2026-11-23T10:00:00Z"),
      "0.1.0-x",
      {Finding{"canary", Grade::kGood, "a \"word\"\n", true}, Finding{"disk", Grade::kWarning, "low", false}}};
  const auto back = FromJson(ToJson(report));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(ToJson(report), ToJson(*back));
  EXPECT_TRUE(back->proven());
  for (const char* text :
       {"", "{}", "[]", "{\"time\":\"x\",\"version\":\"1\",\"checks\":[]}",
        "{\"time\":\"2026-11-23T10:00:00Z\",\"version\":\"1\",\"proven\":true,\"checks\":[{\"check\":\"a\"}]}"}) {
    EXPECT_FALSE(FromJson(text).ok()) << text;
  }
  // What a file says of itself does not count: only its findings do.
  EXPECT_FALSE(
      FromJson("{\"time\":\"2026-11-23T10:00:00Z\",\"version\":\"1\",\"proven\":true,\"checks\":[]}")->proven());
  EXPECT_NE(std::string::npos, ToMetrics(report).find("pullseal_doctor_check{check=\"disk\",grade=\"warning\"} 0"));
}

}  // namespace
}  // namespace pullseal::doctor
