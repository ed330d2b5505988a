// SPDX-License-Identifier: Apache-2.0
#include "verify/requirement/authority.h"

#include <algorithm>
#include <vector>

#include "core/base/bytes.h"
#include "verify/notary/trust.h"
#include "verify/requirement/limits.h"
#include "verify/sigstore/certificate_identity.h"

namespace pullseal::requirement {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

// Appends a part so that no two lists of parts give the same text.
void Append(std::string& out, std::string_view part) { out += std::to_string(part.size()) + ":" + std::string(part); }

std::string IdOfKeyless(const TrustRoot& root, const Identity& identity, const sigstore::Demands& demands) {
  std::string out = "keyless:";
  Append(out, root.name);
  Append(out, identity.issuer);
  Append(out, identity.subject);
  Append(out, identity.subject_pattern ? identity.subject_pattern->text() : std::string());
  for (const auto& [name, value] : identity.extensions) {
    Append(out, name);
    Append(out, value);
  }
  for (const std::size_t number : {demands.logs, demands.timestamps, demands.certificate_logs}) {
    out += "," + std::to_string(number);
  }
  return out;
}

std::string IdOfNotary(const notary::Trust& trust) {
  std::vector<std::string_view> identities;
  for (const notary::Identity& one : trust.identities) identities.emplace_back(one.text());
  std::sort(identities.begin(), identities.end());
  std::string out = "notary:";
  Append(out, trust.store->name());
  Append(out, trust.timestamps ? trust.timestamps->name() : std::string());
  out += trust.verify == notary::Trust::Timestamps::kAlways ? "always," : "afterExpiry,";
  for (const std::string_view one : identities) Append(out, one);
  return out;
}

Status CheckIdentity(const TrustRoot& root, const Identity& identity) {
  if (root.trusted == nullptr) return Invalid("keyless has no trust root");
  if (!identity.subject.empty() && identity.subject_pattern) {
    return Invalid("keyless has either subject or subjectPattern");
  }
  for (const auto& [name, value] : identity.extensions) {
    if (!sigstore::CertificateIdentity::IsExtensionName(name)) {
      return Invalid("extension \"" + Printable(name, 64) + "\" is not known");
    }
  }
  return {};
}

}  // namespace

Result<Key> Key::Make(std::string name, crypto::PublicKey key, KeyUse use) {
  if (name.empty()) return Invalid("a key has no name");
  if (use.not_before && use.not_after && *use.not_before >= *use.not_after) {
    return Invalid("key \"" + name + "\": notBefore must be earlier than notAfter");
  }
  if ((use.needs_log || use.needs_timestamp) && use.trusted == nullptr) {
    return Invalid("key \"" + name + "\": requireLog and requireTimestamp need trustRoot, which says whose to believe");
  }
  std::string id = "key:" + key.Fingerprint();
  return Key(std::move(id), std::move(name), std::move(key), std::move(use));
}

Keyless::Keyless(TrustRoot trust_root, Identity identity, sigstore::Demands demands)
    : id_(IdOfKeyless(trust_root, identity, demands)),
      trust_root_(std::move(trust_root)),
      identity_(std::move(identity)),
      demands_(demands) {}

Result<Keyless> Keyless::Make(TrustRoot trust_root, Identity identity, sigstore::Demands demands) {
  if (identity.issuer.empty() || (identity.subject.empty() && !identity.subject_pattern)) {
    return Invalid(
        "keyless without issuer or without subject lets anybody with an account sign; name both, or say unsafe: true");
  }
  return MakeUnsafe(std::move(trust_root), std::move(identity), demands);
}

Result<Keyless> Keyless::MakeUnsafe(TrustRoot trust_root, Identity identity, sigstore::Demands demands) {
  if (auto checked = CheckIdentity(trust_root, identity); !checked) return checked.error();
  return Keyless(std::move(trust_root), std::move(identity), demands);
}

Notary::Notary(std::shared_ptr<const notary::Trust> trust) : id_(IdOfNotary(*trust)), trust_(std::move(trust)) {}

Result<Notary> Notary::Make(notary::Trust trust) {
  if (auto checked = notary::CheckTrust(trust); !checked) return checked.error().In("notary");
  return Notary(std::make_shared<const notary::Trust>(std::move(trust)));
}

CertificateHolders::CertificateHolders(Asked asked) : id_("certificate:"), asked_(std::move(asked)) {
  std::vector<std::string> texts;
  for (const Holder& one : asked_.holders) {
    std::string text;
    Append(text, one.subject ? one.subject->text() : std::string());
    for (const std::string* part : {&one.email, &one.hostname, &one.uri}) Append(text, *part);
    texts.push_back(std::move(text));
  }
  std::sort(texts.begin(), texts.end());
  Append(id_, asked_.roots->name());
  for (const std::string& one : texts) Append(id_, one);
  id_ += asked_.needs_time ? ",timed" : ",";
}

Result<CertificateHolders> CertificateHolders::Make(Asked asked) {
  if (!asked.roots || asked.roots->kind() != notary::StoreKind::kCa) {
    return Invalid("certificate has no trust store of kind ca as its roots");
  }
  if (asked.holders.empty()) return Invalid("certificate has no identity");
  if (asked.holders.size() > limits::kHolders)
    return Error{ErrorCode::kLimit, "certificate has more than 64 identities"};
  for (const Holder& one : asked.holders) {
    const int kinds = (one.subject ? 1 : 0) + !one.email.empty() + !one.hostname.empty() + !one.uri.empty();
    if (kinds != 1) return Invalid("an identity is exactly one of subject, email, hostname and uri");
  }
  if (asked.needs_time && !asked.times) return Invalid("certificate needs a time that no trust root could prove");
  return CertificateHolders(std::move(asked));
}

const std::string& IdOf(const Authority& authority) {
  return std::visit([](const auto& one) -> const std::string& { return one.id(); }, authority);
}

}  // namespace pullseal::requirement
