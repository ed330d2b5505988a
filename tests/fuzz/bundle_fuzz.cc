// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "core/base/clock.h"
#include "core/crypto/public_key.h"
#include "fuzz/fixed.h"
#include "verify/judge/judge.h"
#include "verify/sigstore/bundle.h"
#include "verify/sigstore/statement.h"
#include "verify/sigstore/trusted_root.h"

namespace {

// The only statement ever signed under the fixed trust root may count for it, whatever else is changed around it.
void CheckKeyless(pullseal::ByteView bytes) {
  using namespace pullseal;
  static const auto requirement = [] {
    policy::Keyless keyless;
    keyless.trust_root = {"fixed", fuzz::Trusted()};
    keyless.issuer = "https://token.actions.githubusercontent.com";
    keyless.subject = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
    policy::SignatureRequirement out;
    out.keyless.push_back(std::move(keyless));
    return out;
  }();
  const auto subject = oci::Digest::Parse("sha256:" + std::string(64, 'a'));
  judge::Evidence evidence{*subject, "reg.io/app", {}};
  evidence.signatures.push_back(
      {*subject, "application/vnd.dev.sigstore.bundle.v0.3+json", Bytes(bytes.begin(), bytes.end()), {}});
  if (judge::Judge(evidence, requirement, WallTime()).reason != judge::Reason::kSigned) return;
  const auto bundle = sigstore::Bundle::Parse(bytes);
  const auto* envelope = bundle ? std::get_if<sigstore::DsseEnvelope>(&bundle->content) : nullptr;
  if (envelope == nullptr || AsText(envelope->payload) != fuzz::kStatement) __builtin_trap();
}

}  // namespace

// Nothing that can be read crashes, and nothing that was not signed by the key counts, in whichever form.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const ByteView bytes(data, size);
  (void)sigstore::Bundle::Parse(bytes);
  (void)sigstore::DsseEnvelope::Parse(bytes);
  (void)sigstore::Statement::Parse(bytes);
  (void)sigstore::TrustedRoot::Parse(AsText(bytes));
  // A key whose private half nobody kept.
  static const auto key = crypto::PublicKey::ParsePem(
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC "
      "KEY-----\n");
  if (!key) __builtin_trap();
  policy::SignatureRequirement requirement;
  requirement.any_of.push_back(policy::Key{"k", *key, {}, {}, {}, {}});
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
