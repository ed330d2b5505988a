// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/certificate_identity.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace pullseal::sigstore {
namespace {

constexpr std::string_view kArc = "1.3.6.1.4.1.57264.1.";
constexpr std::string_view kOtherName = "1.3.6.1.4.1.57264.1.7";
// From this one on values are DER UTF8Strings.
constexpr int kFirstEncoded = 8;

struct Named {
  int number;
  std::string_view name;
};

// Fulcio's names ("oid-info") in the spelling of the policy.
constexpr std::array<Named, 21> kExtensions = {{{2, "githubWorkflowTrigger"},
                                                {3, "githubWorkflowSha"},
                                                {4, "githubWorkflowName"},
                                                {5, "githubWorkflowRepository"},
                                                {6, "githubWorkflowRef"},
                                                {9, "buildSignerUri"},
                                                {10, "buildSignerDigest"},
                                                {11, "runnerEnvironment"},
                                                {12, "sourceRepositoryUri"},
                                                {13, "sourceRepositoryDigest"},
                                                {14, "sourceRepositoryRef"},
                                                {15, "sourceRepositoryIdentifier"},
                                                {16, "sourceRepositoryOwnerUri"},
                                                {17, "sourceRepositoryOwnerIdentifier"},
                                                {18, "buildConfigUri"},
                                                {19, "buildConfigDigest"},
                                                {20, "buildTrigger"},
                                                {21, "runInvocationUri"},
                                                {22, "sourceRepositoryVisibilityAtSigning"},
                                                {23, "deploymentEnvironment"},
                                                {24, "tokenSubject"}}};

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "certificate: " + std::move(message)}; }

bool IsCleanText(std::string_view text) {
  return IsUtf8(text) && std::none_of(text.begin(), text.end(),
                                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// The text of extension `number`, absent if the certificate has none.
Result<std::optional<std::string>> TextOf(const crypto::Certificate& certificate, int number) {
  const std::string oid = std::string(kArc) + std::to_string(number);
  const auto value = certificate.Extension(oid);
  if (!value) return value.error();
  if (!*value) return std::optional<std::string>();
  ByteView content = **value;
  if (number >= kFirstEncoded) {
    const auto inner = crypto::DerContent(content, crypto::kDerUtf8String);
    if (!inner) return Invalid("extension " + oid + " is no UTF8String");
    content = *inner;
  }
  if (!IsCleanText(AsText(content))) return Invalid("extension " + oid + " is not clean text");
  return std::optional<std::string>(AsText(content));
}

Result<std::string> IssuerOf(const crypto::Certificate& certificate) {
  const auto current = TextOf(certificate, 8);
  if (!current) return current.error();
  const auto old = TextOf(certificate, 1);
  if (!old) return old.error();
  if (*current && *old && **current != **old) return Invalid("its two issuer extensions contradict each other");
  return *current ? **current : old->value_or("");
}

Result<std::string> SubjectOf(const crypto::Certificate& certificate) {
  const auto names = certificate.AlternativeNames();
  if (!names) return names.error();
  if (names->size() != 1) {
    return Invalid("has " + std::to_string(names->size()) + " subject alternative names instead of one");
  }
  const crypto::AlternativeName& name = names->front();
  using Kind = crypto::AlternativeName::Kind;
  const bool known = name.kind == Kind::kUri || name.kind == Kind::kEmail ||
                     (name.kind == Kind::kOther && name.other_type == kOtherName);
  if (!known) return Invalid("its subject alternative name is of a kind that names no signer");
  return name.value;
}

}  // namespace

Result<CertificateIdentity> CertificateIdentity::Of(const crypto::Certificate& certificate) {
  CertificateIdentity out;
  auto issuer = IssuerOf(certificate);
  if (!issuer) return issuer.error();
  auto subject = SubjectOf(certificate);
  if (!subject) return subject.error();
  out.issuer = std::move(*issuer);
  out.subject = std::move(*subject);
  for (const Named& extension : kExtensions) {
    auto text = TextOf(certificate, extension.number);
    if (!text) return text.error();
    if (*text) out.extensions.emplace(extension.name, std::move(**text));
  }
  return out;
}

bool CertificateIdentity::IsExtensionName(std::string_view name) {
  return std::any_of(kExtensions.begin(), kExtensions.end(), [&](const Named& one) { return one.name == name; });
}

}  // namespace pullseal::sigstore
