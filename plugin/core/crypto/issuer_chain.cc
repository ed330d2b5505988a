// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/issuer_chain.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/crypto/limits.h"
#include "core/crypto/openssl.h"

namespace pullseal::crypto {
namespace {

using ConstraintsPtr = std::unique_ptr<NAME_CONSTRAINTS, Deleter<NAME_CONSTRAINTS_free>>;
using KeyIdPtr = std::unique_ptr<AUTHORITY_KEYID, Deleter<AUTHORITY_KEYID_free>>;
using OctetsPtr = std::unique_ptr<ASN1_OCTET_STRING, Deleter<ASN1_OCTET_STRING_free>>;

constexpr char kAnyUsage[] = "2.5.29.37.0";

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

bool HasUsage(const Certificate& certificate, const char* usage) {
  if (usage == nullptr) return true;
  const auto usages = certificate.ExtendedKeyUsages();
  return usages.empty() || std::any_of(usages.begin(), usages.end(),
                                       [&](const std::string& one) { return one == usage || one == kAnyUsage; });
}

// RFC 5280 section 4.2.1.9: how many authorities may stand below each, the one that will issue leaves included.
Status CheckPathLengths(const std::vector<Certificate>& chain) {
  long below = 0;
  for (const Certificate& one : chain) {
    const long most = one.impl().path_length;
    if (most >= 0 && below > most) return Invalid("\"" + one.SubjectText() + "\" allows fewer authorities below it");
    if (!one.IsSelfIssued()) ++below;
  }
  return {};
}

const TbsSyntax& Tbs(const Certificate& certificate) { return *certificate.impl().syntax->tbs; }

// RFC 5280 section 4.2.1.1: an authority key identifier, where there is one, is the issuer's, in all it says.
bool NamesKeyOf(const Certificate& subject, const Certificate& issuer) {
  const KeyIdPtr named(static_cast<AUTHORITY_KEYID*>(
      X509V3_get_d2i(Tbs(subject).extensions, NID_authority_key_identifier, nullptr, nullptr)));
  if (!named) return true;
  const OctetsPtr own(static_cast<ASN1_OCTET_STRING*>(
      X509V3_get_d2i(Tbs(issuer).extensions, NID_subject_key_identifier, nullptr, nullptr)));
  if (named->keyid != nullptr && own && ASN1_OCTET_STRING_cmp(named->keyid, own.get()) != 0) return false;
  if (named->serial != nullptr && ASN1_INTEGER_cmp(named->serial, Tbs(issuer).serial_number) != 0) return false;
  for (int i = 0; i < sk_GENERAL_NAME_num(named->issuer); ++i) {
    int type = 0;
    const void* name = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(named->issuer, i), &type);
    if (type != GEN_DIRNAME) continue;
    if (X509_NAME_cmp(static_cast<const X509_NAME*>(name), Tbs(issuer).issuer) != 0) return false;
  }
  return true;
}

// The extensions that are taken into account here or by those who read the certificate for a judgement, all others
// being unknown: basicConstraints, keyUsage, extendedKeyUsage, subjectAltName, nameConstraints, the key identifiers,
// the list of certificate timestamps (RFC 6962), and what Fulcio tells of a signer (oid-info.md).
bool IsUnderstood(X509_EXTENSION* extension) {
  constexpr std::array kNids = {NID_basic_constraints,      NID_key_usage,        NID_ext_key_usage,
                                NID_subject_alt_name,       NID_name_constraints, NID_authority_key_identifier,
                                NID_subject_key_identifier, NID_ct_precert_scts};
  const ASN1_OBJECT* type = X509_EXTENSION_get_object(extension);
  if (std::find(kNids.begin(), kNids.end(), OBJ_obj2nid(type)) != kNids.end()) return true;
  char text[64] = {};
  const int length = OBJ_obj2txt(text, sizeof text, type, 1);
  return length > 0 && length < static_cast<int>(sizeof text) &&
         std::string_view(text).starts_with("1.3.6.1.4.1.57264.1.");
}

// RFC 5280 section 4.2: no extension is there twice, whoever reads it, and a critical one that is not understood
// refuses the certificate. Section 4.1.2.6: alternative names that stand for an empty subject are critical.
Status CheckExtensions(const Certificate& certificate) {
  const auto* extensions = Tbs(certificate).extensions;
  std::vector<std::string> sorted = certificate.impl().extensions;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) return Invalid("has extension " + *twice + " twice");
  const int names = X509v3_get_ext_by_NID(extensions, NID_subject_alt_name, -1);
  if (names >= 0 && certificate.HasEmptySubject() &&
      X509_EXTENSION_get_critical(X509v3_get_ext(extensions, names)) != 1) {
    return Invalid("has no subject, and alternative names that are not critical");
  }
  for (int i = 0; i < X509v3_get_ext_count(extensions); ++i) {
    X509_EXTENSION* one = X509v3_get_ext(extensions, i);
    if (X509_EXTENSION_get_critical(one) == 1 && !IsUnderstood(one)) {
      return Invalid("has a critical extension that is not understood");
    }
  }
  return {};
}

using Constraints = std::vector<std::pair<std::size_t, ConstraintsPtr>>;  // of which certificate of the chain

// RFC 5280 section 4.2.1.10: the names of `subject` are within the constraints of those from `above` on in the chain.
bool IsWithin(const Constraints& constraints, const Certificate& subject, std::size_t above) {
  return std::all_of(constraints.begin(), constraints.end(), [&](const auto& one) {
    if (one.first < above) return true;
    X509* native = subject.impl().Native();
    return native != nullptr && NAME_CONSTRAINTS_check(native, one.second.get()) == X509_V_OK;
  });
}

// RFC 5280 section 6.1.3 for a certificate and the one above it, but for time and names: its issuer signed it.
Status CheckIssued(const Certificate& subject, const Certificate& issuer, const PublicKey& key) {
  if (X509_NAME_cmp(Tbs(subject).issuer, Tbs(issuer).subject) != 0) return Invalid("names another issuer");
  if (!NamesKeyOf(subject, issuer)) return Invalid("names another key of its issuer");
  if (auto known = CheckExtensions(subject); !known) return known;
  if (!subject.SignedBy(key)) return Invalid("is not signed by its issuer");
  return {};
}

// What makes a certificate an authority for `usage`.
Status CheckAuthority(const Certificate& certificate, const char* usage) {
  if (!certificate.IsAuthority()) return Invalid("is no certificate authority");
  // RFC 5280 section 4.2.1.3: where there is a key usage, it says so.
  if ((certificate.impl().key_usage.value_or(KU_KEY_CERT_SIGN) & KU_KEY_CERT_SIGN) == 0) {
    return Invalid("may not sign certificates");
  }
  if (!HasUsage(certificate, usage)) return Invalid("is for another extended key usage");
  return CheckExtensions(certificate);
}

}  // namespace

StorePtr StoreTrusting(const Certificate& anchor) {
  StorePtr store(X509_STORE_new());
  if (!store || X509_STORE_add_cert(store.get(), anchor.impl().Native()) != 1) return nullptr;
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  return store;
}

struct IssuerChain::Impl {
  std::vector<Certificate> chain;
  std::vector<PublicKey> keys;  // of the same places
  Constraints constraints;
};

Result<IssuerChain> IssuerChain::Make(std::vector<Certificate> chain, const char* usage) {
  if (chain.empty() || chain.size() > limits::kCertificates) return Invalid("a chain has 1 to 10 certificates");
  const ErrorScope scope;
  auto impl = std::make_shared<Impl>();
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const std::string name = "\"" + chain[i].SubjectText() + "\"";
    if (auto good = CheckAuthority(chain[i], usage); !good) return Invalid(name + " " + good.error().message);
    auto key = chain[i].Key();
    if (!key) return Invalid(name + ": " + key.error().message);
    impl->keys.push_back(std::move(*key));
    int critical = -1;
    ConstraintsPtr constraints(static_cast<NAME_CONSTRAINTS*>(
        X509V3_get_d2i(Tbs(chain[i]).extensions, NID_name_constraints, &critical, nullptr)));
    if (!constraints && critical != -1) return Invalid(name + " has name constraints that cannot be read");
    if (constraints) impl->constraints.emplace_back(i, std::move(constraints));
  }
  if (auto lengths = CheckPathLengths(chain); !lengths) return lengths.error();
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    const std::string name = "\"" + chain[i].SubjectText() + "\" ";
    if (auto issued = CheckIssued(chain[i], chain[i + 1], impl->keys[i + 1]); !issued) {
      return Invalid(name + issued.error().message + " \"" + chain[i + 1].SubjectText() + "\"");
    }
    // Section 6.1.3 (b): names of self-issued certificates in the middle are not asked for.
    if (!chain[i].IsSelfIssued() && !IsWithin(impl->constraints, chain[i], i + 1)) {
      return Invalid(name + "has a name outside the name constraints above it");
    }
  }
  impl->chain = std::move(chain);
  return IssuerChain(std::move(impl));
}

Status IssuerChain::Issued(const Certificate& leaf) const {
  const ErrorScope scope;
  // An authority's own certificate, or one that it made for itself, has no path of its own to the anchor.
  if (leaf.IsSelfIssued()) return Invalid("is the authority's own certificate");
  if (auto issued = CheckIssued(leaf, issuer(), impl_->keys.front()); !issued) return issued;
  if (!IsWithin(impl_->constraints, leaf, 0)) return Invalid("has a name outside its authority's name constraints");
  return {};
}

bool IssuerChain::ValidAt(WallTime time) const {
  return std::all_of(impl_->chain.begin(), impl_->chain.end(), [&](const Certificate& c) { return c.ValidAt(time); });
}

const Certificate& IssuerChain::issuer() const { return impl_->chain.front(); }
const std::vector<Certificate>& IssuerChain::certificates() const { return impl_->chain; }

}  // namespace pullseal::crypto
