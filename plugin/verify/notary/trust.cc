// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/trust.h"

#include <algorithm>

#include "core/crypto/certificate_profile.h"
#include "verify/notary/limits.h"
#include "verify/notary/signing_chain.h"

namespace pullseal::notary {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

Status CheckStored(const crypto::Certificate& certificate, StoreKind kind) {
  if (certificate.IsAuthority()) return CheckAuthority(certificate, kind == StoreKind::kTsa);
  if (kind == StoreKind::kTsa) return Invalid("is no authority's, as a store for timestamps needs");
  if (!crypto::IsSelfSigned(certificate)) return Invalid("is a signer's that somebody else issued; give its root");
  return CheckSigner(certificate);
}

bool IsHex(const std::string& text) {
  return !text.empty() && text.size() % 2 == 0 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// An entry that names nobody would revoke nothing without saying so.
Status CheckRevoked(const std::vector<Revoked>& revoked) {
  if (revoked.size() > limits::kRevokedCertificates) return Error{ErrorCode::kLimit, "revokes more than 1024"};
  for (const Revoked& one : revoked) {
    const bool by_key =
        IsHex(one.spki_sha256) && one.spki_sha256.size() == 64 && one.issuer.empty() && one.serial.empty();
    const bool by_serial = one.spki_sha256.empty() && !one.issuer.empty() && IsHex(one.serial);
    if (!by_key && !by_serial) {
      return Invalid(
          "has a revoked entry without either spkiSha256 (64 lower-case hexadecimal digits) or issuer and serial");
    }
    if (one.reason.empty()) return Invalid("has a revoked entry without a reason");
  }
  return {};
}

}  // namespace

Result<TrustStore> TrustStore::Make(std::string name, StoreKind kind, std::vector<crypto::Certificate> certificates,
                                    std::vector<Revoked> revoked) {
  if (auto good = CheckRevoked(revoked); !good) return good.error();
  if (certificates.empty()) return Invalid("has no certificate");
  if (certificates.size() > limits::kTrustStoreCertificates) {
    return Error{ErrorCode::kLimit, "has more than 64 certificates"};
  }
  for (const crypto::Certificate& one : certificates) {
    if (auto good = CheckStored(one, kind); !good) {
      return Invalid("certificate \"" + one.SubjectText() + "\" " + good.error().message);
    }
  }
  return TrustStore(std::move(name), kind, std::move(certificates), std::move(revoked));
}

bool TrustStore::Holds(const crypto::Certificate& certificate) const {
  return std::any_of(certificates_.begin(), certificates_.end(),
                     [&](const crypto::Certificate& one) { return one.Der() == certificate.Der(); });
}

Status CheckApart(const std::vector<std::shared_ptr<const TrustStore>>& stores) {
  for (std::size_t i = 0; i < stores.size(); ++i) {
    for (std::size_t j = i + 1; j < stores.size(); ++j) {
      if (stores[i]->kind() == stores[j]->kind()) continue;
      for (const crypto::Certificate& one : stores[j]->certificates()) {
        if (!stores[i]->Holds(one)) continue;
        return Invalid("certificate \"" + one.SubjectText() + "\" is in trust stores " + stores[i]->name() + " and " +
                       stores[j]->name() + ", which are of different kinds");
      }
    }
  }
  return {};
}

Status CheckTrust(const Trust& trust) {
  if (!trust.store || trust.store->kind() == StoreKind::kTsa) return Invalid("has no trust store for signers");
  if (trust.timestamps && trust.timestamps->kind() != StoreKind::kTsa) {
    return Invalid("has a trust store for timestamps that is of another kind");
  }
  if (trust.timestamps && trust.store->kind() == StoreKind::kSigningAuthority) {
    return Invalid("asks for timestamps of a signing authority, which has none");
  }
  const auto& all = trust.identities;
  if (all.empty()) return Invalid("has no identity");
  if (all.size() > limits::kNotaryIdentities) return Error{ErrorCode::kLimit, "has more than 64 identities"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      if (all[i].Overlaps(all[j]))
        return Invalid("identity \"" + all[i].text() + "\" and \"" + all[j].text() + "\" overlap");
    }
  }
  return {};
}

std::string_view Text(StoreKind kind) {
  switch (kind) {
    case StoreKind::kCa:
      return "ca";
    case StoreKind::kSigningAuthority:
      return "signingAuthority";
    case StoreKind::kTsa:
      return "tsa";
  }
  return "";
}

}  // namespace pullseal::notary
