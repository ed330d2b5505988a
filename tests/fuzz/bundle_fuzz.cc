// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "core/base/clock.h"
#include "core/crypto/public_key.h"
#include "fuzz/fixed.h"
#include "verify/judge/judge.h"
#include "verify/signature/statement.h"
#include "verify/sigstore/bundle.h"
#include "verify/sigstore/trusted_root.h"

namespace {

// The only statement ever signed under the fixed trust root may count for it, whatever else is changed around it.
void CheckKeyless(pullseal::ByteView bytes) {
  using namespace pullseal;
  static const auto requirement = [] {
    auto keyless = requirement::Keyless::Make(
        {"fixed", fuzz::Trusted()},
        {.issuer = "https://token.actions.githubusercontent.com",
         .subject = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"});
    if (!keyless) __builtin_trap();
    auto signatures = requirement::SignatureRequirement::Make({std::move(*keyless)});
    if (!signatures) __builtin_trap();
    return requirement::Requirement{.signatures = std::move(*signatures)};
  }();
  const auto subject = oci::Digest::Parse("sha256:" + std::string(64, 'a'));
  judge::Evidence evidence{*subject, "reg.io/app", {}};
  evidence.signatures.push_back(
      {*subject, "application/vnd.dev.sigstore.bundle.v0.3+json", Bytes(bytes.begin(), bytes.end()), {}});
  if (judge::Judge(evidence, requirement, WallTime()).reason != judge::Reason::kSigned) return;
  const auto bundle = sigstore::Bundle::Parse(bytes);
  const auto* envelope = bundle ? std::get_if<signature::DsseEnvelope>(&bundle->content) : nullptr;
  if (envelope == nullptr || AsText(envelope->payload) != fuzz::kStatement) __builtin_trap();
}

}  // namespace

// Nothing that can be read crashes, and nothing that was not signed by the key counts, in whichever form.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const ByteView bytes(data, size);
  (void)sigstore::Bundle::Parse(bytes);
  (void)signature::DsseEnvelope::Parse(bytes);
  (void)signature::Statement::Parse(bytes);
  (void)sigstore::TrustedRoot::Parse(AsText(bytes));
  // A key whose private half nobody kept.
  static const auto key = crypto::PublicKey::ParsePem(
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC "
      "KEY-----\n");
  if (!key) __builtin_trap();
  static const auto requirement = [] {
    auto required = requirement::Key::Make("k", *key);
    if (!required) __builtin_trap();
    auto signatures = requirement::SignatureRequirement::Make({std::move(*required)});
    if (!signatures) __builtin_trap();
    return requirement::Requirement{.signatures = std::move(*signatures)};
  }();
  for (const char* type : {"application/vnd.dev.sigstore.bundle.v0.3+json", "application/vnd.dsse.envelope.v1+json",
                           "application/vnd.dev.cosign.simplesigning.v1+json"}) {
    judge::Evidence evidence{oci::Digest::Of(bytes), "reg.io/app", {}};
    evidence.signatures.push_back(
        {oci::Digest::Of(bytes), type, Bytes(data, data + size), {{"dev.cosignproject.cosign/signature", "AAAA"}}});
    if (judge::Judge(evidence, requirement, WallTime()).reason == judge::Reason::kSigned) __builtin_trap();
  }
  CheckKeyless(bytes);
  return 0;
}
