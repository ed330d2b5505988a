// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "verify/judge/keyless_fixture.h"

namespace pullseal::judge {
namespace {

TEST(KeylessTest, CertificateFlaws) {
  const SigstoreAuthority stranger;
  const auto usage = [](const char* text) { return Leaf([=](auto& leaf) { leaf.extended_key_usage = text; }); };
  const auto names = [](const char* text) { return Leaf([=](auto& leaf) { leaf.alternative_names = text; }); };
  const auto at = [](auto change) { return Leaf(change); };
  const std::vector<Case> cases = {
      {"no code signing", "certificate-invalid", usage("clientAuth"), {}, {}},
      {"no extended key usage", "certificate-invalid", usage(""), {}, {}},
      {"no digitalSignature",
       "certificate-invalid",
       at([](auto& l) { l.key_usage = "critical,keyAgreement"; }),
       {},
       {}},
      {"no key usage", "certificate-invalid", at([](auto& l) { l.key_usage = ""; }), {}, {}},
      {"leaf is an authority", "certificate-invalid", at([](auto& l) { l.is_authority = true; }), {}, {}},
      {"unknown critical extension",
       "certificate-invalid",
       at([](auto& l) {
         l.extensions.push_back({"1.2.3.4", {5, 0}, true});
       }),
       {},
       {}},
      {"SHA-1", "bundle-malformed", at([](auto& l) { l.hash = "SHA1"; }), {}, {}},
      {"two names", "certificate-invalid", names("critical,URI:https://a,URI:https://b"), {}, {}},
      {"no name", "certificate-invalid", names(""), {}, {}},
      {"a DNS name", "certificate-invalid", names("critical,DNS:acme.example"), {}, {}},
      {"two issuers that contradict",
       "certificate-invalid",
       at([](auto& l) { l.extensions[0].content = {'x'}; }),
       {},
       {}},
      {"bytes behind an extension's text",
       "certificate-invalid",
       at([](auto& l) { l.extensions[1].content.push_back(0); }),
       {},
       {}},
      {"extension is no UTF8String",
       "certificate-invalid",
       at([](auto& l) { l.extensions[1].content[0] = 0x16; }),
       {},
       {}},
      {"extension twice", "certificate-invalid", at([](auto& l) { l.extensions.push_back(l.extensions[1]); }), {}, {}},
      {"not yet valid when logged",
       "time-outside-certificate",
       at([](auto& l) { l.from += std::chrono::minutes(5); }),
       {},
       {}},
      {"expired when logged", "time-outside-certificate", {.logged_after = std::chrono::minutes(11)}, {}, {}},
      {"expired when stamped",
       "time-outside-certificate",
       {.stamped = true, .stamped_after = std::chrono::minutes(11)},
       {},
       {}},
      {"issued by another authority of the same name",
       "certificate-invalid",
       {.issued_by = &stranger.intermediate()},
       {},
       {}},
  };
  for (const Case& one : cases) Check(one);
}

TEST(KeylessTest, AuthorityFlaws) {
  const auto late = SigstoreAuthority::Start() + std::chrono::seconds(10);
  const std::vector<Case> cases = {
      {"intermediate expired when used (CVE-2026-24122)",
       "certificate-expired",
       {},
       {.intermediate = [=](CertificatePlan& p) { p.to = late; }},
       {}},
      {"root expired when used (CVE-2026-24122)",
       "certificate-expired",
       {},
       {.root = [=](CertificatePlan& p) { p.to = late; }},
       {}},
      {"intermediate not yet valid when used",
       "certificate-expired",
       {},
       {.intermediate = [=](CertificatePlan& p) { p.from = late + std::chrono::minutes(1); }},
       {}},
      {"trust in the authority ended", "certificate-expired", {}, {.ca_end = "2026-06-01T12:00:29Z"}, {}},
      {"trust in the certificate log ended", "certificate-invalid", {}, {.ct_end = "2026-06-01T11:59:59Z"}, {}},
      {"trust in the log ended", "log-entry-invalid", {}, {.log_end = "2026-06-01T12:00:29Z"}, {}},
      {"trust in the v2 log ended",
       "log-entry-invalid",
       With(Log::kV2, true),
       {.log2_end = "2026-06-01T12:00:30Z"},
       {}},
      {"trust in the timestamp authority ended",
       "timestamp-invalid",
       With(Log::kV2, true),
       {.tsa_end = "2026-06-01T12:00:30Z"},
       {}},
      {"the timestamp authority's certificate expired when used",
       "timestamp-invalid",
       With(Log::kV2, true),
       {.stamper = [=](CertificatePlan& p) { p.to = late; }},
       {}},
      {"a name outside the constraints",
       "certificate-invalid",
       {.subject = "eve@evil.example"},
       {.intermediate = [](CertificatePlan& p) { p.name_constraints = "critical,permitted;email:acme.example"; }},
       [](auto& asks) { asks.keyless[0].identity.subject = "eve@evil.example"; }},
      {"a name outside the root's constraints",
       "certificate-invalid",
       {.subject = "eve@evil.example"},
       {.root = [](CertificatePlan& p) { p.name_constraints = "critical,permitted;email:acme.example"; }},
       [](auto& asks) { asks.keyless[0].identity.subject = "eve@evil.example"; }},
  };
  for (const Case& one : cases) Check(one);
}

// Chains that do not hold leave their authority out, and tell so.
TEST(KeylessTest, BrokenChainsAreNotTrusted) {
  const std::vector<std::pair<const char*, AuthorityPlan>> plans = {
      {"is no certificate authority", {.intermediate = [](CertificatePlan& p) { p.is_authority = false; }}},
      {"may not sign certificates", {.intermediate = [](CertificatePlan& p) { p.key_usage = "critical,cRLSign"; }}},
      {"another extended key usage",
       {.intermediate = [](CertificatePlan& p) { p.extended_key_usage = "emailProtection"; }}},
      {"fewer authorities", {.root = [](CertificatePlan& p) { p.path_length = 0; }}},
      {"only extended key usage", {.stamper = [](CertificatePlan& p) { p.extended_key_usage = "timeStamping"; }}},
      {"only extended key usage",
       {.stamper = [](CertificatePlan& p) { p.extended_key_usage = "critical,timeStamping,codeSigning"; }}},
      {"is an authority's", {.stamper = [](CertificatePlan& p) { p.is_authority = true; }}},
      {"SHA-1", {.intermediate = [](CertificatePlan& p) { p.hash = "SHA1"; }}},
  };
  for (const auto& [expected, plan] : plans) {
    SCOPED_TRACE(expected);
    const SigstoreAuthority authority(plan);
    const auto trusted = Trust(authority);
    ASSERT_EQ(1U, trusted->problems().size());
    EXPECT_NE(std::string::npos, trusted->problems()[0].find(expected)) << trusted->problems()[0];
  }
}

TEST(KeylessTest, CertificateLogFlaws) {
  static const fakes::TestAuthority stranger;
  const std::vector<Case> cases = {
      {"no promise", "certificate-invalid", CertificateLogs([](auto& logs) { logs.clear(); }), {}, {}},
      {"promise for another certificate",
       "certificate-invalid",
       CertificateLogs([](auto& logs) { logs[0].broken = true; }),
       {},
       {}},
      {"unknown log", "certificate-invalid", CertificateLogs([](auto& logs) { logs[0].key = &stranger; }), {}, {}},
      {"a stranger's promise under a known log's name",
       "certificate-invalid",
       CertificateLogs([](auto& logs) {
         logs[0].id = crypto::Digest(crypto::Hash::kSha256, logs[0].key->PublicDer());
         logs[0].key = &stranger;
       }),
       {},
       {}},
      {"two promises of one log where two logs are asked (GHSA-9vcr-p3rj-q5q6)",
       "certificate-invalid",
       CertificateLogs([](auto& logs) { logs.push_back(logs[0]); }),
       {},
       Demand(1, 0, 2)},
      {"more promises than are read",
       "certificate-invalid",
       CertificateLogs([](auto& logs) { logs.assign(17, CertificateLog(logs[0])); }),
       {},
       {}},
      {"as many promises as are read",
       "signed",
       CertificateLogs([](auto& logs) { logs.assign(16, CertificateLog(logs[0])); }),
       {},
       {}},
      {"promise before the log was trusted",
       "certificate-invalid",
       CertificateLogs([](auto& logs) { logs[0].time -= std::chrono::hours(24 * 800); }),
       {},
       {}},
  };
  for (const Case& one : cases) Check(one);
}

}  // namespace
}  // namespace pullseal::judge
