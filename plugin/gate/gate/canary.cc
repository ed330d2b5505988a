// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/canary.h"

#include <string>
#include <utility>

#include "core/base/bytes.h"
#include "image/oci/cosign.h"
#include "policy/model/model.h"
#include "verify/judge/judge.h"

namespace pullseal::gate {
namespace {

// A key made for this, whose private half was thrown away after it had signed the payload of kGoodDigest.
constexpr std::string_view kKey = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEtdrp2D9Fkbn0Kv2JqFQf3EzDIWgM
aQOdLVPvE+5TeGxQJ3Zoq/M6sotBeV7MuMUOKaTEaKbrkSwV0cJVopW+RQ==
-----END PUBLIC KEY-----
)";
constexpr std::string_view kSignature =
    "MEQCIHE1JXILrVuu3ITZ/4O/Sn8qUocUEpLjskVJP19USl4QAiBVywpDhqA2NBb5AqHAxzGIzIl8pMYZB+sob0AC1ot+zQ==";
constexpr std::string_view kRepository = "canary.pullseal.invalid/canary";
constexpr std::string_view kGoodDigest = "sha256:46a6a12db756e252329b5421cc39fa123e8a85044ea511260ddbc50571a6db18";
constexpr std::string_view kForgedDigest = "sha256:e01a26f072bb690e2723f234ecef7e8b32b726192d5c99876145f99537e10be7";

Decision Broken(const std::string& what) {
  return Refuse(Reason::kPolicyUnavailable, "the built-in canary cannot be read: " + what);
}

}  // namespace

bool IsCanary(const oci::Reference& name) { return name.host() == kCanaryHost; }

Decision JudgeCanary(Canary canary, WallTime now) {
  auto subject = oci::Digest::Parse(canary == Canary::kGood ? kGoodDigest : kForgedDigest);
  if (!subject) return Broken(subject.error().message);
  auto key = crypto::PublicKey::ParsePem(kKey);
  if (!key) return Broken(key.error().message);
  const std::string payload = oci::UsualPayload(kRepository, *subject);
  judge::Evidence evidence{*subject, std::string(kRepository), {}};
  evidence.signatures.push_back(
      judge::SignatureEvidence{oci::Digest::Of(AsBytes(payload)),
                               std::string(oci::kSimpleSigningMediaType),
                               {payload.begin(), payload.end()},
                               {{std::string(oci::kSignatureAnnotation), std::string(kSignature)}}});
  auto required = requirement::Key::Make("canary", std::move(*key));
  if (!required) return Broken(required.error().message);
  auto signatures = requirement::SignatureRequirement::Make({std::move(*required)});
  if (!signatures) return Broken(signatures.error().message);
  const judge::Verdict verdict = judge::Judge(evidence, {.signatures = std::move(*signatures)}, now);
  Decision out;
  out.reason = verdict.reason;
  out.rule = kCanaryRule;
  out.digest = std::move(*subject);
  return out;
}

std::string_view CanariesHold(WallTime now, const std::function<Decision(Canary canary, WallTime now)>& judge) {
  if (judge(Canary::kForged, now).outcome() != Outcome::kDeny) return "a forged signature was not refused";
  if (judge(Canary::kGood, now).outcome() != Outcome::kAllow) return "a good signature was refused";
  return {};
}

}  // namespace pullseal::gate
