// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FUZZ_FIXED_NOTARY_H_
#define PULLSEAL_FUZZ_FIXED_NOTARY_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "fuzz/fixed_notary_authority.h"
#include "verify/notary/verify.h"

// The trust stores that all seeds of Notary Project signatures were signed under. Whatever verifies with them must be
// what the seeds say, whatever stands around it.
namespace pullseal::fuzz {

inline std::shared_ptr<const notary::TrustStore> NotaryStore(notary::StoreKind kind, std::string_view pem) {
  auto certificates = crypto::Certificate::ParsePem(pem);
  if (!certificates) __builtin_trap();
  auto store = notary::TrustStore::Make("fixed", kind, std::move(*certificates));
  if (!store) __builtin_trap();
  return std::make_shared<const notary::TrustStore>(std::move(*store));
}

inline const notary::Trust& NotaryTrust() {
  static const notary::Trust trust = [] {
    notary::Trust out;
    out.store = NotaryStore(notary::StoreKind::kCa, kNotaryRoot);
    out.identities = {notary::Identity::UnsafeAnybody()};
    out.timestamps = NotaryStore(notary::StoreKind::kTsa, kNotaryTsaRoot);
    return out;
  }();
  return trust;
}

// Nothing that can be read crashes, and only what the fixed authority signed counts.
inline void CheckEnvelope(std::string_view media_type, ByteView bytes) {
  const auto opened = notary::SignedPayload::Open(media_type, bytes);
  const auto* signature = std::get_if<notary::SignedPayload>(&opened);
  if (signature == nullptr) return;
  const auto verified = notary::Verify(*signature, NotaryTrust(), *ParseTime("2026-06-01T12:00:30Z"));
  const auto* proof = std::get_if<notary::Proof>(&verified);
  if (proof == nullptr) return;
  if (proof->signer != "C=US, ST=WA, O=Acme, CN=release") __builtin_trap();
  if (signature->payload.digest.text() != "sha256:" + std::string(64, 'a')) __builtin_trap();
  if (signature->envelope.scheme != notary::Scheme::kX509 || !proof->existed) __builtin_trap();
}

}  // namespace pullseal::fuzz

#endif  // PULLSEAL_FUZZ_FIXED_NOTARY_H_
