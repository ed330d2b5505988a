// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/revocation.h"

#include <algorithm>

#include "core/crypto/certificate_profile.h"
#include "core/crypto/sha256.h"
#include "verify/notary/identity.h"
#include "verify/notary/limits.h"

namespace pullseal::notary {
namespace {

using crypto::Certificate;
using crypto::RevocationList;

bool Names(const Revoked& entry, const Certificate& certificate, const Certificate& issuer) {
  if (!entry.spki_sha256.empty()) return crypto::Sha256Hex(certificate.KeyInfo()) == entry.spki_sha256;
  const auto name = SignerName(issuer);
  return name && *name == entry.issuer && SerialText(certificate) == entry.serial;
}

bool IsExcused(const Revoked& entry, const std::optional<ProvenInterval>& existed) {
  return entry.at && existed && existed->last < *entry.at;
}

bool Counts(const RevocationList& list, const Certificate& certificate, const Certificate& issuer, WallTime now) {
  const auto name = crypto::IssuerAndSerialOf(certificate);
  if (!std::ranges::equal(list.issuer(), name.issuer) || !list.Lists(name.serial)) return false;
  if (list.this_update() > now + limits::kNotaryClockSkew) return false;
  const auto usage = crypto::ProfileOf(issuer).usage;
  if (!usage || (*usage & crypto::kCrlSign) == 0) return false;
  const auto key = issuer.Key();
  return key && list.SignedBy(*key);
}

}  // namespace

std::string SerialText(const Certificate& certificate) {
  const Bytes serial = crypto::IssuerAndSerialOf(certificate).serial;
  if (serial.size() < 3) return {};
  std::string hex = HexEncode(ByteView(serial).subspan(2));
  while (hex.size() > 2 && hex.starts_with("00")) hex.erase(0, 2);
  return hex;
}

std::optional<std::string> WhyRevoked(const std::vector<Certificate>& chain, const TrustStore& store,
                                      const std::vector<RevocationList>* lists,
                                      const std::optional<ProvenInterval>& existed, WallTime now) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const bool last = i + 1 == chain.size();
    const Certificate& issuer = chain[last ? i : i + 1];
    for (const Revoked& entry : store.revoked()) {
      if (Names(entry, chain[i], issuer) && !IsExcused(entry, existed)) {
        return "trust store " + store.name() + " revokes certificate \"" + chain[i].SubjectText() +
               "\": " + Printable(entry.reason, 200);
      }
    }
    if (last || lists == nullptr) continue;
    for (const RevocationList& list : *lists) {
      if (!Counts(list, chain[i], issuer, now)) continue;
      return "its issuer's list of " + FormatTime(list.this_update()).substr(0, 19) + "Z revokes certificate \"" +
             chain[i].SubjectText() + "\"";
    }
  }
  return std::nullopt;
}

}  // namespace pullseal::notary
