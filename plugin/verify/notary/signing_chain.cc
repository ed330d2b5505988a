// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/signing_chain.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/crypto/certificate_profile.h"
#include "core/crypto/issuer_chain.h"
#include "core/crypto/limits.h"
#include "verify/notary/limits.h"

namespace pullseal::notary {
namespace {

using crypto::Certificate;
using crypto::CertificateProfile;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

// Trades that a signer of artifacts must not have beside: "MUST NOT" of the specification, and OCSPSigning and any as
// notation or the specification's own sense have it.
constexpr std::array<std::string_view, 6> kOtherTrades = {
    "1.3.6.1.5.5.7.3.1",  // serverAuth
    "1.3.6.1.5.5.7.3.2",  // clientAuth
    "1.3.6.1.5.5.7.3.4",  // emailProtection
    "1.3.6.1.5.5.7.3.8",  // timeStamping
    "1.3.6.1.5.5.7.3.9",  // OCSPSigning
    "2.5.29.37.0",        // anyExtendedKeyUsage
};

bool IsOtherTrade(const std::string& usage) {
  return std::find(kOtherTrades.begin(), kOtherTrades.end(), usage) != kOtherTrades.end();
}

// Everything that is not signing data.
constexpr std::uint32_t kForbiddenUsages = crypto::kKeyEncipherment | crypto::kDataEncipherment |
                                           crypto::kKeyAgreement | crypto::kKeyCertSign | crypto::kCrlSign |
                                           crypto::kEncipherOnly | crypto::kDecipherOnly;

Status CheckDataUsage(const CertificateProfile& profile) {
  if (profile.is_authority) return Invalid("is an authority's");
  if (!profile.usage || (*profile.usage & crypto::kDigitalSignature) == 0) return Invalid("may not sign data");
  if ((*profile.usage & kForbiddenUsages) != 0) return Invalid("may be used for more than signing data");
  return {};
}

std::string Name(const Certificate& certificate) { return "certificate \"" + certificate.SubjectText() + "\" "; }

}  // namespace

Status CheckSigner(const Certificate& certificate) {
  const CertificateProfile profile = crypto::ProfileOf(certificate);
  if (auto usage = CheckDataUsage(profile); !usage) return usage;
  if (!profile.usage_critical) return Invalid("has a key usage that is not critical");
  const auto& usages = profile.extended_usages;
  if (std::any_of(usages.begin(), usages.end(), IsOtherTrade)) {
    return Invalid("has an extended key usage that a signer of artifacts must not have");
  }
  return {};
}

Status CheckTimestamper(const Certificate& certificate) {
  const CertificateProfile profile = crypto::ProfileOf(certificate);
  if (auto usage = CheckDataUsage(profile); !usage) return usage;
  if (profile.extended_usages != std::vector<std::string>{crypto::kTimeStamping} || !profile.extended_usages_critical) {
    return Invalid("does not have timeStamping as its only extended key usage, critical");
  }
  return {};
}

Status CheckAuthority(const Certificate& certificate, bool for_timestamps) {
  const CertificateProfile profile = crypto::ProfileOf(certificate);
  if (!profile.is_authority || !profile.constraints_critical) {
    return Invalid("is no authority's by critical basic constraints");
  }
  if (!profile.usage || (*profile.usage & crypto::kKeyCertSign) == 0) return Invalid("may not sign certificates");
  if (!profile.usage_critical && !for_timestamps) return Invalid("has a key usage that is not critical");
  const auto& usages = profile.extended_usages;
  const bool foreign = std::all_of(usages.begin(), usages.end(),
                                   [](const std::string& one) { return IsOtherTrade(one) && one != "2.5.29.37.0"; });
  if (!for_timestamps && !usages.empty() && foreign) return Invalid("is an authority of another trade");
  const auto key = certificate.Key();
  if (!key) return key.error();
  if (key->kind() == crypto::PublicKey::Kind::kEd25519) return Invalid("has a key of a kind that is not accepted");
  return {};
}

Result<SigningChain> SigningChain::Make(std::vector<Certificate> certificates) {
  if (certificates.empty() || certificates.size() > limits::kCertificates) {
    return Invalid("a chain has 1 to 10 certificates");
  }
  const Certificate& leaf = certificates.front();
  if (auto good = CheckSigner(leaf); !good) return Invalid(Name(leaf) + good.error().message);
  if (!crypto::IsSelfSigned(certificates.back())) return Invalid("the chain does not end with a root");
  if (certificates.size() == 1) return SigningChain(std::move(certificates));
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    const Certificate& one = certificates[i];
    if (auto good = CheckAuthority(one, false); !good) return Invalid(Name(one) + good.error().message);
    const bool last = i + 1 == certificates.size();
    if (!last && one.IsSelfIssued() && crypto::IsSelfSigned(one)) return Invalid("the chain has more than one root");
  }
  // Every certificate above may be for any use: CheckAuthority has asked what matters here.
  const auto issuers = crypto::IssuerChain::Make({certificates.begin() + 1, certificates.end()}, nullptr);
  if (!issuers) return issuers.error();
  if (auto issued = issuers->Issued(leaf); !issued) return Invalid(Name(leaf) + issued.error().message);
  return SigningChain(std::move(certificates));
}

bool SigningChain::ValidFrom(WallTime first, WallTime last) const {
  return std::all_of(certificates_.begin(), certificates_.end(),
                     [&](const Certificate& one) { return one.not_before() <= first && last <= one.not_after(); });
}

WallTime SigningChain::not_after() const {
  WallTime out = WallTime::max();
  for (const Certificate& one : certificates_) out = std::min(out, one.not_after());
  return out;
}

}  // namespace pullseal::notary
