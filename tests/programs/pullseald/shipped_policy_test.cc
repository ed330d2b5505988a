// SPDX-License-Identifier: Apache-2.0
// What the DaemonSet's starting policy says of Microsoft's images.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "core/base/bytes.h"
#include "core/crypto/sha256.h"
#include "fakes/notary_authority.h"
#include "image/oci/reference.h"
#include "policy/file/load.h"
#include "policy/model/match.h"
#include "verify/judge/judge.h"
#include "verify/notary/trust.h"

namespace pullseal::daemon {
namespace {

const std::string kTop = PULLSEAL_TOP;

policy::Policy Shipped() {
  auto policy = policy::LoadPolicy(kTop + "/daemonset/base/policy.yaml");
  if (!policy) throw std::runtime_error(policy.error().message);
  return std::move(*policy);
}

const policy::Rule* RuleFor(const policy::Policy& policy, const std::string& image, const char* pod_namespace) {
  const auto name = oci::Reference::Parse(image);
  const policy::Subject subject{.name = *name, .pod_namespace = pod_namespace, .digests = {}, .node_labels = {}};
  const auto selection = policy::Select(policy, subject, WallTime{});
  return selection.all.empty() ? nullptr : selection.all.front().rule;
}

TEST(ShippedPolicyTest, RootsAreThoseOfTheDocumentation) {
  std::ifstream in(kTop + "/docs/notation.md");
  const std::string docs(std::istreambuf_iterator<char>(in), {});
  const policy::Policy policy = Shipped();
  ASSERT_EQ(2U, policy.trust_stores.size());
  EXPECT_EQ(notary::StoreKind::kCa, policy.trust_stores[0]->kind());
  EXPECT_EQ(notary::StoreKind::kTsa, policy.trust_stores[1]->kind());
  for (const auto& store : policy.trust_stores) {
    ASSERT_EQ(1U, store->certificates().size());
    const std::string hash = crypto::Sha256Hex(store->certificates()[0].Der());
    EXPECT_NE(docs.npos, docs.find("| " + hash + " |")) << store->name() << " " << hash;
  }
}

TEST(ShippedPolicyTest, DocumentedRepositoriesAreVerifiedInAuditMode) {
  const policy::Policy policy = Shipped();
  for (const char* image : {"mcr.microsoft.com/dotnet/runtime:8.0", "mcr.microsoft.com/azurelinux/base/core:3.0",
                            "mcr.microsoft.com/oss/v2/kubernetes-csi/azurelustre-csi:v0.3.0"}) {
    const policy::Rule* rule = RuleFor(policy, image, "kube-system");
    ASSERT_NE(nullptr, rule) << image;
    EXPECT_EQ("microsoft-signed", rule->name) << image;
    EXPECT_EQ(policy::RuleMode::kAudit, rule->mode);
  }
  EXPECT_EQ("platform", RuleFor(policy, "mcr.microsoft.com/oss/kubernetes/coredns:1", "kube-system")->name);
}

// A chain of somebody's own under Microsoft's names.
TEST(ShippedPolicyTest, NamesAloneAreNobodys) {
  const auto named = [](const char* name, const char* province) {
    return [=](fakes::CertificatePlan& plan) {
      plan.common_name = name;
      plan.subject = {{"C", "US"}, {"ST", province}, {"L", "Redmond"}, {"O", "Microsoft Corporation"}};
    };
  };
  const fakes::NotaryAuthority thief({.root = named("Microsoft Supply Chain RSA Root CA 2022", "Washington"),
                                      .ca = named("Microsoft SCD Products RSA CA", "Washington"),
                                      .leaf = named("Microsoft SCD Products RSA Signing", "Washington")});
  const Bytes envelope = thief.Cose({.timestamp = thief.Stamps()});
  const oci::SignatureEvidence found{
      .blob = oci::Digest::Of(envelope), .media_type = "application/cose", .payload = envelope, .annotations = {}};
  const policy::Policy policy = Shipped();
  const policy::Rule* rule = RuleFor(policy, "mcr.microsoft.com/dotnet/runtime:8.0", "shop");
  ASSERT_NE(nullptr, rule);
  const auto verdict =
      judge::Judge({*oci::Digest::Parse(fakes::NotaryAuthority::kDigest), "mcr.microsoft.com/dotnet/runtime", {found}},
                   rule->require, fakes::NotaryAuthority::Now());
  EXPECT_EQ(judge::Reason::kCertificateInvalid, verdict.reason);
}

}  // namespace
}  // namespace pullseal::daemon
