// SPDX-License-Identifier: Apache-2.0
// Which authorities of a requirement a Notary Project signature is good for.
#include <algorithm>
#include <utility>

#include "verify/judge/authority.h"
#include "verify/notary/verify.h"

namespace pullseal::judge {
namespace {

using notary::Fault;
using notary::Flaw;
using notary::SignedPayload;
using requirement::Authority;
using requirement::Notary;

Reason ReasonOf(Flaw flaw) {
  switch (flaw) {
    case Flaw::kMalformed:
      return Reason::kBundleMalformed;
    case Flaw::kSignature:
      return Reason::kSignatureInvalid;
    case Flaw::kCertificateInvalid:
      return Reason::kCertificateInvalid;
    case Flaw::kAttributeUnknown:
      return Reason::kAttributeUnknown;
    case Flaw::kIdentity:
      return Reason::kIdentityMismatch;
    case Flaw::kExpired:
      return Reason::kSignatureExpired;
    case Flaw::kTimeMissing:
      return Reason::kTimeMissing;
    case Flaw::kTimestampInvalid:
      return Reason::kTimestampInvalid;
    case Flaw::kTimeOutside:
      return Reason::kTimeOutsideCertificate;
    case Flaw::kCertificateExpired:
      return Reason::kCertificateExpired;
    case Flaw::kRevoked:
      return Reason::kCertificateRevoked;
  }
  return Reason::kSignatureInvalid;
}

Attribution FromFault(const Fault& fault) {
  Attribution out;
  out.reason = ReasonOf(fault.flaw);
  out.detail = fault.detail;
  return out;
}

std::string Second(WallTime time) { return FormatTime(time).substr(0, 19) + "Z"; }

// The steps that were taken and held, for people: what the signature says of itself, then its certificates.
std::vector<std::string> TellSignature(const SignedPayload& signature) {
  const notary::Envelope& envelope = signature.envelope;
  const bool by_itself = envelope.scheme == notary::Scheme::kSigningAuthority;
  std::string head = "envelope: " + std::string(notary::Text(envelope.algorithm)) + ", scheme " +
                     (by_itself ? "notary.x509.signingAuthority" : "notary.x509");
  if (!envelope.agent.empty()) head += ", by " + Printable(envelope.agent, 100);
  if (envelope.signing_time) head += ", which says it was " + Second(*envelope.signing_time);
  std::vector<std::string> out = {std::move(head)};
  std::string chain = "certificates:";
  for (const crypto::Certificate& one : signature.chain.certificates()) {
    chain += (chain.ends_with(':') ? " \"" : ", issued by \"") + one.SubjectText() + "\"";
  }
  out.push_back(chain + "; the first to end does so at " + Second(signature.chain.not_after()));
  return out;
}

// What holds for one authority: who trusts it, and what proves its time.
void TellProof(const SignedPayload& signature, const notary::Proof& proof, std::vector<std::string>& out) {
  out.push_back("trust store " + proof.store + " holds one of them, and " + Printable(proof.signer, 200) +
                " is asked for");
  if (proof.existed) {
    out.push_back("timestamp: it existed between " + Second(proof.existed->first) + " and " +
                  Second(proof.existed->last) + ", when all of them were valid");
  } else if (proof.authentic_time) {
    out.push_back("signed at " + Second(*proof.authentic_time) +
                  " by its signing authority's word, when all of them were valid");
  } else {
    out.emplace_back("no timestamp counts; all of them are valid now");
  }
  const auto& expiry = signature.envelope.expiry;
  out.push_back(expiry ? "it expires at " + Second(*expiry) : "it does not expire");
}

Attribution ForOne(const SignedPayload& signature, const Notary& asked, WallTime now) {
  const auto verified = notary::Verify(signature, asked.trust(), now);
  if (const auto* fault = std::get_if<Fault>(&verified)) {
    Attribution out = FromFault(*fault);
    out.told = TellSignature(signature);
    // What lies behind the question who signed: somebody who is asked for.
    const bool known = fault->flaw > Flaw::kIdentity;
    const auto signer = notary::SignerName(signature.chain.leaf());
    if (signer && known) out.signer = Signer{*signer, asked.trust().store->name()};
    return out;
  }
  const auto& proof = std::get<notary::Proof>(verified);
  Attribution out;
  out.reason = Reason::kSigned;
  out.signer = Signer{proof.signer, proof.store};
  if (proof.existed) out.times.push_back(proof.existed->last);
  if (proof.authentic_time) out.times.push_back(*proof.authentic_time);
  out.good_until = proof.good_until;
  out.detail = "verified for " + Printable(proof.signer, 200) + " of trust store " + proof.store;
  out.authorities.insert(asked.id());
  out.told = TellSignature(signature);
  TellProof(signature, proof, out.told);
  return out;
}

}  // namespace

Attribution Attribute(const notary::Envelope& envelope, const std::vector<Authority>& authorities, WallTime now) {
  const auto is_notary = [](const Authority& one) { return std::holds_alternative<Notary>(one); };
  Attribution out;
  out.detail = "a Notary Project signature, which no authority of the rule accepts";
  // Nobody's certificates are verified for a rule that asks for none.
  if (std::none_of(authorities.begin(), authorities.end(), is_notary)) return out;
  const auto opened = SignedPayload::Open(envelope);
  if (const auto* fault = std::get_if<Fault>(&opened)) return FromFault(*fault);
  bool first = true;
  for (const Authority& authority : authorities) {
    const auto* asked = std::get_if<Notary>(&authority);
    if (asked == nullptr) continue;
    Join(ForOne(std::get<SignedPayload>(opened), *asked, now), first, out);
    first = false;
  }
  return out;
}

}  // namespace pullseal::judge
