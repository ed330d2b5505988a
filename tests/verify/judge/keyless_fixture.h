// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_JUDGE_KEYLESS_FIXTURE_H_
#define PULLSEAL_JUDGE_KEYLESS_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "fakes/sigstore_authority.h"
#include "verify/judge/asked_for.h"
#include "verify/judge/judge.h"
#include "verify/sigstore/trusted_material.h"

// Keyless signatures of a test authority, each wrong in exactly one thing. Every case names its flaw and the slug with
// which the signature must be refused.
namespace pullseal::judge {

using fakes::AuthorityPlan;
using fakes::CertificateLog;
using fakes::CertificatePlan;
using fakes::Entry;
using fakes::SignPlan;
using fakes::SigstoreAuthority;
using fakes::SigstoreSignature;
using fakes::StampPlan;
using Log = SignPlan::Log;

inline const std::string kDigest(64, 'a');
inline constexpr char kRepository[] = "reg.io/app";
inline constexpr char kSimpleSigning[] = "application/vnd.dev.cosign.simplesigning.v1+json";

inline std::shared_ptr<const sigstore::TrustedMaterial> Trust(const SigstoreAuthority& authority) {
  const auto root = sigstore::TrustedRoot::Parse(authority.TrustedRoot());
  EXPECT_TRUE(root.ok()) << root.error().message;
  auto material = sigstore::TrustedMaterial::Make(*root);
  EXPECT_TRUE(material.ok()) << material.error().message;
  return std::make_shared<const sigstore::TrustedMaterial>(std::move(*material));
}

inline AskedFor Asks(const SigstoreAuthority& authority) {
  AskedFor out;
  out.keyless.push_back({{"test", Trust(authority)}, {.issuer = SignPlan().issuer, .subject = SignPlan().subject}});
  return out;
}

inline oci::Digest Subject() { return *oci::Digest::Parse("sha256:" + kDigest); }

inline SignatureEvidence AsBundle(const std::string& bundle) {
  const ByteView bytes = AsBytes(bundle);
  return {Subject(), fakes::kBundleType, Bytes(bytes.begin(), bytes.end()), {}};
}

inline Verdict JudgeOne(SignatureEvidence one, const AskedFor& asks) {
  Evidence evidence{Subject(), kRepository, {}};
  evidence.signatures.push_back(std::move(one));
  return Judge(evidence, asks.Make(), SigstoreAuthority::Start() + std::chrono::hours(24 * 90));
}

inline std::string Statement() { return fakes::SignStatement("sha256:" + kDigest); }

inline void Replace(std::string& text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  ASSERT_NE(std::string::npos, at) << from;
  text.replace(at, from.size(), to);
}

struct Case {
  const char* flaw;
  const char* slug;
  SignPlan plan;
  AuthorityPlan authority;
  std::function<void(AskedFor&)> asks;
};

inline void Check(const Case& one) {
  SCOPED_TRACE(one.flaw);
  const SigstoreAuthority authority(one.authority);
  auto asks = Asks(authority);
  if (one.asks) one.asks(asks);
  const SigstoreSignature signature = authority.SignEnvelope(Statement(), one.plan);
  const Verdict verdict = JudgeOne(AsBundle(signature.Bundle()), asks);
  EXPECT_EQ(one.slug, std::string(Slug(verdict.reason))) << verdict.findings[0].detail;
  // Junk beside a good signature never hurts.
  Evidence both{Subject(), kRepository, {AsBundle(signature.Bundle())}};
  const SigstoreAuthority good;
  auto asks_either = Asks(good);
  asks_either.keyless.push_back(asks.keyless[0]);
  both.signatures.push_back(AsBundle(good.SignEnvelope(Statement()).Bundle()));
  EXPECT_EQ(Reason::kSigned, Judge(both, asks_either.Make(), SigstoreAuthority::Start()).reason);
}

inline SignPlan With(Log log, bool stamped = false) {
  SignPlan out;
  out.log = log;
  out.stamped = stamped;
  return out;
}

inline SignPlan Body(std::function<void(std::string&)> change, SignPlan plan = {}) {
  plan.body = std::move(change);
  return plan;
}
inline SignPlan InEntry(std::function<void(Entry&)> change, SignPlan plan = {}) {
  plan.entry = std::move(change);
  return plan;
}
inline SignPlan Leaf(std::function<void(CertificatePlan&)> change) {
  SignPlan out;
  out.leaf = std::move(change);
  return out;
}
inline SignPlan CertificateLogs(std::function<void(std::vector<CertificateLog>&)> change) {
  SignPlan out;
  out.certificate_logs = std::move(change);
  return out;
}
inline SignPlan Stamped(std::function<void(StampPlan&)> change, Log log = Log::kV2) {
  SignPlan out = With(log, true);
  out.stamp = std::move(change);
  return out;
}
inline SignPlan After(std::function<void(SigstoreSignature&)> change, SignPlan plan = {}) {
  plan.result = std::move(change);
  return plan;
}

inline std::function<void(AskedFor&)> Demand(std::size_t logs, std::size_t stamps, std::size_t scts) {
  return [=](AskedFor& asks) { asks.keyless[0].demands = {logs, stamps, scts}; };
}

}  // namespace pullseal::judge

#endif  // PULLSEAL_JUDGE_KEYLESS_FIXTURE_H_
