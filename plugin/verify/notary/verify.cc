// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/verify.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "verify/notary/limits.h"
#include "verify/notary/revocation.h"

namespace pullseal::notary {
namespace {

using crypto::Certificate;

Result<std::vector<Certificate>> ReadCertificates(const Envelope& envelope) {
  std::vector<Certificate> out;
  for (const Bytes& der : envelope.certificates) {
    auto one = Certificate::ParseDer(der);
    if (!one) return one.error();
    out.push_back(std::move(*one));
  }
  return out;
}

// 1. and 2. Absent if nothing is wrong.
std::optional<Fault> CheckSignerOf(const SignedPayload& signature, const Trust& trust) {
  const StoreKind needed = signature.envelope.scheme == Scheme::kX509 ? StoreKind::kCa : StoreKind::kSigningAuthority;
  if (trust.store->kind() != needed) {
    return Fault{Flaw::kCertificateInvalid,
                 "its signing scheme is not the one that trust store " + trust.store->name() + " answers for"};
  }
  const auto& chain = signature.chain.certificates();
  if (std::none_of(chain.begin(), chain.end(), [&](const Certificate& one) { return trust.store->Holds(one); })) {
    return Fault{Flaw::kCertificateInvalid, "none of its certificates is in trust store " + trust.store->name()};
  }
  const auto& all = trust.identities;
  const Certificate& leaf = signature.chain.leaf();
  if (std::none_of(all.begin(), all.end(), [&](const Identity& one) { return one.Fits(leaf); })) {
    return Fault{Flaw::kIdentity, "signed by \"" + leaf.SubjectText() + "\""};
  }
  return std::nullopt;
}

// 4. for the scheme notary.x509.
std::optional<Fault> TakeProvenTime(const SignedPayload& signature, const Trust& trust, WallTime now, Proof& out,
                                    std::vector<Certificate>& stampers) {
  const bool valid_now = signature.chain.ValidFrom(now, now);
  const bool needed = trust.timestamps && (trust.verify == Trust::Timestamps::kAlways || !valid_now);
  if (!needed) {
    if (!valid_now) return Fault{Flaw::kCertificateExpired, "a certificate is not valid now"};
    out.good_until = signature.chain.not_after();
    return std::nullopt;
  }
  const auto& token = signature.envelope.timestamp;
  if (!token) return Fault{Flaw::kTimeMissing, "it has no timestamp"};
  auto interval = VerifyTimestamp(*token, signature.envelope.signature, *trust.timestamps, now);
  if (!interval) return Fault{Flaw::kTimestampInvalid, interval.error().message};
  if (!signature.chain.ValidFrom(interval->first, interval->last)) {
    return Fault{Flaw::kTimeOutside, "its timestamp lies outside a certificate's validity"};
  }
  out.existed = *interval;
  stampers = std::move(interval->chain);
  return std::nullopt;
}

// 4. for the scheme notary.x509.signingAuthority.
std::optional<Fault> TakeAuthenticTime(const SignedPayload& signature, WallTime now, Proof& out) {
  const WallTime time = *signature.envelope.authentic_time;
  if (time > now + limits::kNotaryClockSkew) return Fault{Flaw::kTimeOutside, "it was signed in the future"};
  if (!signature.chain.ValidFrom(time, time)) {
    return Fault{Flaw::kTimeOutside, "it was signed outside a certificate's validity"};
  }
  out.authentic_time = time;
  return std::nullopt;
}

// 5. A timestamp of a revoked authority excuses nothing.
std::optional<Fault> CheckRevocation(const SignedPayload& signature, const Trust& trust,
                                     const std::vector<Certificate>& stampers, const Proof& proof, WallTime now) {
  if (!stampers.empty()) {
    auto why = WhyRevoked(stampers, *trust.timestamps, trust.lists.get(), std::nullopt, now);
    if (why) return Fault{Flaw::kRevoked, "timestamp: " + *why};
  }
  auto why = WhyRevoked(signature.chain.certificates(), *trust.store, trust.lists.get(), proof.existed, now);
  if (why) return Fault{Flaw::kRevoked, std::move(*why)};
  return std::nullopt;
}

}  // namespace

std::variant<SignedPayload, Fault> SignedPayload::Open(std::string_view media_type, ByteView bytes) {
  auto envelope = Envelope::Parse(media_type, bytes);
  if (!envelope) return Fault{Flaw::kMalformed, envelope.error().message};
  return Open(std::move(*envelope));
}

std::variant<SignedPayload, Fault> SignedPayload::Open(Envelope envelope) {
  auto certificates = ReadCertificates(envelope);
  if (!certificates) return Fault{Flaw::kCertificateInvalid, certificates.error().message};
  const auto key = certificates->front().Key();
  if (!key) return Fault{Flaw::kCertificateInvalid, key.error().message};
  if (AlgorithmOf(*key) != envelope.algorithm) {
    return Fault{Flaw::kSignature, "its algorithm is not the one that belongs to its certificate's key"};
  }
  if (!envelope.SignedBy(*key)) return Fault{Flaw::kSignature, "its certificate's key did not make it"};
  if (!envelope.unknown.empty()) {
    return Fault{Flaw::kAttributeUnknown, "has the critical attribute " + Printable(envelope.unknown.front(), 128) +
                                              ", which is not processed here"};
  }
  auto chain = SigningChain::Make(std::move(*certificates));
  if (!chain) return Fault{Flaw::kCertificateInvalid, chain.error().message};
  auto payload = Payload::Parse(envelope.payload);
  if (!payload) return Fault{Flaw::kMalformed, payload.error().message};
  return SignedPayload{std::move(envelope), std::move(*payload), std::move(*chain)};
}

std::variant<Proof, Fault> Verify(const SignedPayload& signature, const Trust& trust, WallTime now) {
  if (auto fault = CheckSignerOf(signature, trust)) return std::move(*fault);
  auto signer = SignerName(signature.chain.leaf());
  if (!signer) return Fault{Flaw::kCertificateInvalid, signer.error().message};
  Proof out;
  out.signer = std::move(*signer);
  out.store = trust.store->name();
  // The specification says both "later than" and "at"; at its moment it has passed.
  const auto& expiry = signature.envelope.expiry;
  if (expiry && now >= *expiry) return Fault{Flaw::kExpired, "it was good until " + FormatTime(*expiry)};
  const bool by_itself = signature.envelope.scheme == Scheme::kSigningAuthority;
  std::vector<Certificate> stampers;
  auto fault =
      by_itself ? TakeAuthenticTime(signature, now, out) : TakeProvenTime(signature, trust, now, out, stampers);
  if (fault) return std::move(*fault);
  if (auto revoked = CheckRevocation(signature, trust, stampers, out, now)) return std::move(*revoked);
  if (expiry) out.good_until = std::min(*expiry, out.good_until.value_or(WallTime::max()));
  return out;
}

}  // namespace pullseal::notary
