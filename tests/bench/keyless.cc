// SPDX-License-Identifier: Apache-2.0
// Rows about keyless signatures: against the raw verifications they need, and against other clients.
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "bench/command.h"
#include "bench/table.h"
#include "fakes/sigstore_authority.h"
#include "lab/process.h"
#include "verify/judge/judge.h"
#include "verify/sigstore/trusted_material.h"

namespace pullseal::bench {
namespace {

using fakes::SignPlan;
using fakes::SigstoreAuthority;

const std::string kDigest = "sha256:" + std::string(64, 'a');

requirement::Requirement Asks(const SigstoreAuthority& authority) {
  auto trusted = sigstore::TrustedMaterial::Make(*sigstore::TrustedRoot::Parse(authority.TrustedRoot()));
  auto keyless =
      requirement::Keyless::Make({"test", std::make_shared<const sigstore::TrustedMaterial>(std::move(*trusted))},
                                 {.issuer = SignPlan().issuer, .subject = SignPlan().subject});
  return {.signatures = *requirement::SignatureRequirement::Make({std::move(*keyless)})};
}

judge::Evidence EvidenceOf(const std::string& bundle) {
  const auto digest = *oci::Digest::Parse(kDigest);
  return {
      digest, "reg.io/app", {{digest, fakes::kBundleType, Bytes(AsBytes(bundle).begin(), AsBytes(bundle).end()), {}}}};
}

// One raw verification: EVP_DigestVerify with a key that is parsed already.
struct Raw {
  Raw(const std::string& curve, const std::string& hash, std::size_t size)
      : key(curve), md(EVP_get_digestbyname(hash.c_str())), message(size, 'm'), signature(key.Sign(message, hash)) {}
  bool Verify() const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(context, nullptr, md, nullptr, key.native());
    const bool good =
        EVP_DigestVerify(context, signature.data(), signature.size(), AsBytes(message).data(), message.size()) == 1;
    EVP_MD_CTX_free(context);
    return good;
  }
  fakes::TestAuthority key;
  const EVP_MD* md;
  std::string message;
  Bytes signature;
};

void AgainstRaw(Table& table, const char* name, const SigstoreAuthority& authority, const SignPlan& plan,
                const std::vector<const Raw*>& raw, double target) {
  const auto asks = Asks(authority);
  const auto evidence = EvidenceOf(authority.SignEnvelope(fakes::SignStatement(kDigest), plan).Bundle());
  if (judge::Judge(evidence, asks, WallTime{}).reason != judge::Reason::kSigned) throw std::runtime_error("not signed");
  constexpr int kCalls = 20;
  const auto [ours, reference] = Interleaved(
      101,
      [&] {
        for (int i = 0; i < kCalls; ++i) (void)judge::Judge(evidence, asks, WallTime{});
      },
      [&] {
        for (int i = 0; i < kCalls; ++i) {
          for (const Raw* one : raw) (void)one->Verify();
        }
      });
  table.Row(name, Micro(ours / kCalls), Micro(reference / kCalls), ours / reference, "<=", target);
}

long ResidentKib() {
  const std::string text = lab::ReadText("/proc/self/status");
  return std::atol(text.c_str() + text.find("VmRSS:") + 6);
}

// Distinct statements by one certificate, judged by two threads.
void Throughput(const SigstoreAuthority& authority) {
  constexpr int kBundles = 10'000;
  const fakes::TestAuthority key;
  SignPlan plan;
  plan.leaf_key = &key;
  const Bytes certificate = authority.SignEnvelope(fakes::SignStatement(kDigest), plan).certificate;
  plan.certificate = certificate;
  std::vector<judge::Evidence> all;
  for (int i = 0; i < kBundles; ++i) {
    const std::string statement = fakes::SignStatement(kDigest, R"({"n":")" + std::to_string(i) + "\"}");
    all.push_back(EvidenceOf(authority.SignEnvelope(statement, plan).Bundle()));
  }
  const auto asks = Asks(authority);
  std::atomic<int> good{0};
  const auto pass = [&] {
    const auto half = [&](int from) {
      for (int i = from; i < kBundles; i += 2) {
        if (judge::Judge(all[static_cast<std::size_t>(i)], asks, WallTime{}).reason == judge::Reason::kSigned) ++good;
      }
    };
    std::thread second(half, 1);
    half(0);
    second.join();
  };
  pass();
  const long before = ResidentKib();
  const Seconds time = Time(pass);
  const long after = ResidentKib();
  if (good != 2 * kBundles) throw std::runtime_error("not all bundles were judged good");
  std::printf("%-58s %10.0f / s   memory grew by %ld KiB\n", "10,000 distinct bundles, judged on 2 threads",
              kBundles / time, after - before);
}

void AgainstClients(Table& table, const SigstoreAuthority& authority) {
  const char* peers = std::getenv("PULLSEAL_PEERS");
  const char* build = std::getenv("PULLSEAL_BUILD");
  if (peers == nullptr || build == nullptr) throw std::runtime_error("use tests/bench/run");
  const lab::TempFolder folder;
  const std::string artifact = folder.path() + "/artifact";
  const std::string bundle = folder.path() + "/bundle.json";
  const std::string root = folder.path() + "/root.json";
  std::ofstream(artifact) << "an artifact";
  std::ofstream(bundle) << authority.SignMessage("an artifact", {.stamped = true}).Bundle();
  std::ofstream(root) << authority.TrustedRoot();
  const std::string who = SignPlan().subject;
  const std::string issuer = SignPlan().issuer;
  const std::vector<std::string> ours = {std::string(build) + "/plugin/pullseal",
                                         "verify-bundle",
                                         "--bundle",
                                         bundle,
                                         "--certificate-identity",
                                         who,
                                         "--certificate-oidc-issuer",
                                         issuer,
                                         "--trusted-root",
                                         root,
                                         artifact};
  const auto go = Compare(ours,
                          {std::string(peers) + "/sigstore-go/usr/bin/sigstore-go-verification", "-trustedrootJSONpath",
                           root, "-artifact", artifact, "-expectedIssuer", issuer, "-expectedSAN", who, bundle},
                          41);
  const auto cosign =
      Compare(ours,
              {std::string(peers) + "/cosign-3/usr/bin/cosign", "verify-blob", "--bundle", bundle, "--trusted-root",
               root, "--certificate-oidc-issuer", issuer, "--certificate-identity", who, artifact},
              11);
  const auto rows = [&](const char* wall, const char* memory, const SideBySide& both) {
    table.Row(wall, Milli(both.ours.wall), Milli(both.theirs.wall), both.ours.wall / both.theirs.wall, "<=", 0.5);
    const auto mine = static_cast<double>(both.ours.peak_kib);
    const auto theirs = static_cast<double>(both.theirs.peak_kib);
    table.Row(memory, Mib(mine), Mib(theirs), mine / theirs, "<=", 1.0 / 3);
  };
  rows("pullseal verify-bundle / sigstore-go, wall", "pullseal verify-bundle / sigstore-go, peak memory", go);
  rows("pullseal verify-bundle / cosign, wall", "pullseal verify-bundle / cosign, peak memory", cosign);
}

}  // namespace

void Keyless(Table& table) {
  // The authority signs as the public one does: P-384, the rest P-256.
  const SigstoreAuthority authority;
  const Raw content("P-256", "SHA256", 400);      // the signature
  const Raw certificate("P-384", "SHA256", 700);  // the authority's signature on the certificate
  const Raw promise("P-256", "SHA256", 750);      // the certificate log's promise
  const Raw entry("P-256", "SHA256", 2500);       // the log's promise (signed entry timestamp)
  const Raw checkpoint("P-256", "SHA256", 90);    // the log's checkpoint
  const Raw stamp("P-256", "SHA256", 150);        // the timestamp authority's signature
  AgainstRaw(table, "keyless: SCT, entry, checkpoint / 5 raw verifications", authority, {},
             {&content, &certificate, &promise, &entry, &checkpoint}, 1.3);
  AgainstRaw(table, "keyless with a timestamp / 6 raw verifications", authority, {.stamped = true},
             {&content, &certificate, &promise, &entry, &checkpoint, &stamp}, 1.4);
  AgainstClients(table, authority);
  Throughput(authority);
}

}  // namespace pullseal::bench
