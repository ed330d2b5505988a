// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_NOTARY_FIXTURE_H_
#define PULLSEAL_VERIFY_NOTARY_NOTARY_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "fakes/notary_authority.h"
#include "verify/notary/verify.h"

namespace pullseal::notary {

inline crypto::Certificate ReadCertificate(const Bytes& der) { return *crypto::Certificate::ParseDer(der); }

inline std::shared_ptr<const TrustStore> Store(const std::string& name, StoreKind kind,
                                               const std::vector<Bytes>& ders) {
  std::vector<crypto::Certificate> certificates;
  for (const Bytes& der : ders) certificates.push_back(ReadCertificate(der));
  return std::make_shared<const TrustStore>(*TrustStore::Make(name, kind, std::move(certificates)));
}

// What a rule asks that the authority's signatures satisfy; with timestamps always demanded or not at all.
inline Trust TrustIn(const fakes::NotaryAuthority& authority, bool timestamps = false) {
  Trust out;
  out.store = Store("acme", StoreKind::kCa, {authority.root().der});
  out.identities = {*Identity::ParseSubject(fakes::NotaryAuthority::kSubject)};
  if (timestamps) out.timestamps = Store("tsa", StoreKind::kTsa, {authority.tsa_root().der});
  return out;
}

// The fault that Open or Verify finds; empty if all is good. "flaw: detail" is for messages, the flaw is compared.
struct Outcome {
  std::optional<Flaw> flaw;
  std::string detail;
  std::optional<Proof> proof;
};

inline Outcome OutcomeOf(std::string_view type, const Bytes& envelope, const Trust& trust, WallTime now) {
  auto opened = SignedPayload::Open(type, envelope);
  if (const auto* fault = std::get_if<Fault>(&opened)) return {fault->flaw, fault->detail, {}};
  auto verified = Verify(std::get<SignedPayload>(opened), trust, now);
  if (const auto* fault = std::get_if<Fault>(&verified)) return {fault->flaw, fault->detail, {}};
  return {{}, {}, std::get<Proof>(std::move(verified))};
}

inline WallTime At(const char* text) { return *ParseTime(text); }

inline std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

inline std::function<void(std::string&)> Replacing(const std::string& from, const std::string& to) {
  return [=](std::string& text) { text = Replace(text, from, to); };
}

// Opens what one authority signed: the flaw, or none.
class EnvelopeTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { authority_ = new fakes::NotaryAuthority(); }
  static void TearDownTestSuite() { delete authority_; }
  static std::optional<Flaw> OpenJws(const fakes::NotaryPlan& plan) { return FlawOf(kJwsType, authority_->Jws(plan)); }
  static std::optional<Flaw> OpenCose(const fakes::NotaryPlan& plan) {
    return FlawOf(kCoseType, authority_->Cose(plan));
  }
  static std::optional<Flaw> FlawOf(std::string_view type, const Bytes& bytes) {
    const auto opened = SignedPayload::Open(type, bytes);
    const auto* fault = std::get_if<Fault>(&opened);
    return fault != nullptr ? std::optional(fault->flaw) : std::nullopt;
  }
  // What is wrong when the protected header of a JWS is changed before it is signed.
  static std::optional<Flaw> Header(const std::string& from, const std::string& to, fakes::NotaryPlan plan = {}) {
    plan.protected_json = Replacing(from, to);
    return OpenJws(plan);
  }
  static inline fakes::NotaryAuthority* authority_ = nullptr;
};

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_NOTARY_FIXTURE_H_
