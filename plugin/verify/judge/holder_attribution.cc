// SPDX-License-Identifier: Apache-2.0
// Which holders of an own PKI's certificates made a signature in cosign's form.
#include <algorithm>
#include <utility>

#include "core/crypto/issuer_chain.h"
#include "core/crypto/path_search.h"
#include "verify/judge/authority.h"
#include "verify/notary/revocation.h"
#include "verify/notary/signing_chain.h"
#include "verify/notary/trust.h"
#include "verify/sigstore/verify.h"

// The procedure, for one signature and one authority:
//   1. the certificate's key made it                                              else signature-invalid
//   2. the certificate is no authority's and may sign code                        else certificate-invalid
//   3. a path of certificates that came along leads to one of the roots, by RFC 5280, and each in it
//      may issue signers' certificates by the rules of trust stores               else certificate-invalid
//   4. a holder who is asked for has it                                           else identity-mismatch
//   5. every certificate was valid at every proven time, or where none is proven, is now
//                                                                                 else certificate-expired,
//                                                                                 time-outside-certificate
//   6. the roots' own list of revoked certificates has none of them               else certificate-revoked
namespace pullseal::judge {
namespace {

using crypto::AlternativeName;
using crypto::Certificate;
using requirement::CertificateHolders;
using requirement::Holder;

Attribution Refused(Reason reason, std::string detail) {
  Attribution out;
  out.reason = reason;
  out.detail = std::move(detail);
  return out;
}

// 2.
bool MaySignCode(const Certificate& leaf) {
  const auto usages = leaf.ExtendedKeyUsages();
  const bool signs_code = std::find(usages.begin(), usages.end(), crypto::kCodeSigning) != usages.end();
  return !leaf.IsAuthority() && leaf.MaySignData() && signs_code;
}

// 3. The path, the issuer first.
Result<std::vector<Certificate>> PathOf(const sigstore::SignedMaterial& material, const CertificateHolders& asked) {
  std::vector<Certificate> out;
  const Certificate& leaf = *material.certificate;
  const auto accept = [&](const std::vector<Certificate>& above) -> Status {
    for (const Certificate& one : above) {
      if (auto good = notary::CheckAuthority(one, false); !good) return good;
    }
    const auto issuers = crypto::IssuerChain::Make(above, crypto::kCodeSigning);
    if (!issuers) return issuers.error();
    Status issued = issuers->Issued(leaf);
    if (issued) out = above;
    return issued;
  };
  const auto found = crypto::SearchPath(leaf, material.chain, asked.asked().roots->certificates(), accept);
  if (!found) return found.error();
  return out;
}

// 4.
bool Has(const Certificate& leaf, const Holder& holder) {
  if (holder.subject) return holder.subject->Fits(leaf);
  const auto names = leaf.AlternativeNames();
  if (!names) return false;
  const auto is = [&](AlternativeName::Kind kind, const std::string& value) {
    return !value.empty() && std::any_of(names->begin(), names->end(), [&](const AlternativeName& one) {
      return one.kind == kind && one.value == value;
    });
  };
  return is(AlternativeName::Kind::kEmail, holder.email) || is(AlternativeName::Kind::kDns, holder.hostname) ||
         is(AlternativeName::Kind::kUri, holder.uri);
}

// Whose certificate it is, in one spelling: its subject, or without one its first alternative name.
std::string NameOf(const Certificate& leaf) {
  if (const auto subject = notary::SignerName(leaf); subject && !subject->empty()) return *subject;
  const auto names = leaf.AlternativeNames();
  return names && !names->empty() ? names->front().value : leaf.SubjectText();
}

// 5.
void CheckTimes(const std::vector<Certificate>& path, WallTime now, Attribution& out) {
  const std::vector<WallTime> at_now = {now};
  const std::vector<WallTime>& times = out.times.empty() ? at_now : out.times;
  WallTime end = WallTime::max();
  for (const Certificate& one : path) {
    end = std::min(end, one.not_after());
    if (std::all_of(times.begin(), times.end(), [&](WallTime time) { return one.ValidAt(time); })) continue;
    out.reason = out.times.empty() ? Reason::kCertificateExpired : Reason::kTimeOutsideCertificate;
    out.detail = "certificate \"" + one.SubjectText() +
                 (out.times.empty() ? "\" is not valid now, and nothing proves when it was used"
                                    : "\" was not valid when it was used");
    return;
  }
  if (out.times.empty()) out.good_until = end;
}

// 6.
void CheckRevocation(const std::vector<Certificate>& path, const notary::TrustStore& roots, WallTime now,
                     Attribution& out) {
  std::optional<notary::ProvenInterval> existed;
  if (!out.times.empty()) {
    const auto [first, last] = std::minmax_element(out.times.begin(), out.times.end());
    existed = notary::ProvenInterval{*first, *last};
  }
  auto why = notary::WhyRevoked(path, roots, nullptr, existed, now);
  if (!why) return;
  out.reason = Reason::kCertificateRevoked;
  out.detail = std::move(*why);
}

}  // namespace

Attribution AttributeToHolders(const sigstore::SignedMaterial& material, const CertificateHolders& asked,
                               WallTime now) {
  const sigstore::Demands demands{.logs = 0, .timestamps = 0, .certificate_logs = 0};
  const auto verified = sigstore::VerifyHolder(material, asked.asked().times.get(), demands);
  if (!verified.proof) return Refused(ReasonOf(verified.flaw), verified.detail);
  const Certificate& leaf = *material.certificate;
  if (!MaySignCode(leaf)) return Refused(Reason::kCertificateInvalid, "certificate: may not be used to sign code");
  auto path = PathOf(material, asked);
  if (!path) {
    return Refused(Reason::kCertificateInvalid, "certificate \"" + leaf.SubjectText() + "\": trust store " +
                                                    asked.asked().roots->name() + ": " + path.error().message);
  }
  const auto& holders = asked.asked().holders;
  if (std::none_of(holders.begin(), holders.end(), [&](const Holder& one) { return Has(leaf, one); })) {
    return Refused(Reason::kIdentityMismatch, "signed by \"" + leaf.SubjectText() + "\"");
  }
  Attribution out;
  out.reason = Reason::kSigned;
  out.signer = Signer{NameOf(leaf), asked.asked().roots->name()};
  for (const signature::ProvenTime& one : verified.proof->times) out.times.push_back(one.time);
  out.detail = "verified for " + Printable(out.signer.name, 200) + " of trust store " + out.signer.issuer;
  if (asked.asked().needs_time && out.times.empty()) {
    out.reason = Reason::kTimeMissing;
    out.detail = "nothing proves when its certificate was used";
    return out;
  }
  path->insert(path->begin(), leaf);
  CheckTimes(*path, now, out);
  if (out.reason == Reason::kSigned) CheckRevocation(*path, *asked.asked().roots, now, out);
  if (out.reason == Reason::kSigned) out.authorities.insert(asked.id());
  return out;
}

}  // namespace pullseal::judge
