// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseal/verify_bundle.h"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/base/file.h"
#include "core/crypto/hash.h"
#include "core/crypto/limits.h"
#include "core/json/value.h"
#include "image/oci/digest.h"
#include "image/oci/limits.h"
#include "programs/pullseal/limits.h"
#include "verify/sigstore/artifact.h"
#include "verify/sigstore/limits.h"
#include "verify/sigstore/verify.h"

namespace pullseal::cli {
namespace {

constexpr int kVerified = 0;
constexpr int kRefused = 1;
constexpr int kUnreadable = 2;
constexpr int kUsage = 64;

int Complain(const std::string& message, int code) {
  std::fprintf(stderr, "pullseal: %s\n", message.c_str());
  return code;
}

// What was read of the options' files; `code` is set where that failed.
struct Inputs {
  sigstore::Artifact artifact;
  std::string bundle;
  std::optional<crypto::PublicKey> key;
  std::optional<sigstore::TrustedMaterial> trusted;
};

Result<sigstore::Artifact> ReadArtifact(const std::string& name) {
  sigstore::Artifact out;
  std::error_code ignored;
  if (!std::filesystem::exists(name, ignored)) {
    const auto digest = oci::Digest::Parse(name);
    if (!digest) return Error{ErrorCode::kNotFound, name + " is neither a file nor a digest sha256:HEX"};
    auto bytes = HexDecode(digest->hex());
    if (!bytes) return bytes.error();
    out.sha256 = std::move(*bytes);
    return out;
  }
  const auto text = ReadFile(name, limits::kArtifactBytes);
  if (!text) return text.error();
  const ByteView bytes = AsBytes(*text);
  out.bytes = Bytes(bytes.begin(), bytes.end());
  out.sha256 = crypto::Digest(crypto::Hash::kSha256, bytes);
  return out;
}

Result<Inputs> ReadInputs(const VerifyBundleOptions& options) {
  Inputs out;
  auto artifact = ReadArtifact(options.artifact);
  // Nothing is known of an artifact that cannot be read, whatever kept us from it.
  if (!artifact) return Error{ErrorCode::kUnavailable, artifact.error().message};
  out.artifact = std::move(*artifact);
  auto bundle = ReadFile(options.bundle, limits::kBundleBytes);
  if (!bundle) return bundle.error();
  out.bundle = std::move(*bundle);
  if (!options.key.empty()) {
    const auto pem = ReadFile(options.key, limits::kKeyBytes);
    if (!pem) return pem.error();
    auto key = crypto::PublicKey::ParsePem(*pem);
    if (!key) return key.error().In(options.key);
    out.key = std::move(*key);
  }
  if (!options.trusted_root.empty()) {
    const auto text = ReadFile(options.trusted_root, limits::kTrustRootBytes);
    if (!text) return text.error();
    const auto root = sigstore::TrustedRoot::Parse(*text);
    if (!root) return root.error().In(options.trusted_root);
    auto trusted = sigstore::TrustedMaterial::Make(*root);
    if (!trusted) return trusted.error().In(options.trusted_root);
    out.trusted = std::move(*trusted);
  }
  return out;
}

// A signature by a key needs an entry in a log of the trust root, as with cosign and sigstore-go, unless whoever asks
// says that none counts.
sigstore::Demands DemandsForKey(const VerifyBundleOptions& options) {
  return {.logs = options.ignore_log ? 0U : 1U, .timestamps = 0, .certificate_logs = 0};
}

// The proof, or a sentence that says why there is none.
Result<sigstore::Proof> VerifyInputs(const VerifyBundleOptions& options, const Inputs& inputs) {
  const auto bundle = sigstore::Bundle::Parse(AsBytes(inputs.bundle));
  if (!bundle) return bundle.error();
  auto material = sigstore::SignedMaterial::FromBundle(*bundle);
  if (!material) return material.error();
  if (auto bound = sigstore::Bind(*bundle, inputs.artifact, *material); !bound) return bound.error();
  const auto* trusted = inputs.trusted ? &*inputs.trusted : nullptr;
  auto verification = inputs.key ? sigstore::VerifyKey(*material, *inputs.key, trusted, DemandsForKey(options))
                                 : sigstore::VerifyCertificate(*material, *trusted, sigstore::Demands{});
  if (!verification.proof) return Error{ErrorCode::kInvalid, verification.detail};
  if (inputs.key) return std::move(*verification.proof);
  const sigstore::CertificateIdentity& identity = *verification.proof->identity;
  if (identity.issuer != options.issuer) {
    return Error{ErrorCode::kMismatch, "signed with an identity of another issuer: " + Printable(identity.issuer, 200)};
  }
  if (identity.subject != options.identity) {
    return Error{ErrorCode::kMismatch, "signed by another identity: " + Printable(identity.subject, 200)};
  }
  return std::move(*verification.proof);
}

void Report(const VerifyBundleOptions& options, const Result<sigstore::Proof>& proof) {
  if (!options.json) {
    if (!proof) {
      std::fprintf(stderr, "not verified: %s\n", Printable(proof.error().message, 1024).c_str());
      return;
    }
    std::printf("verified\n");
    for (const auto& one : proof->times) {
      std::printf("  existed at %s, says %s\n", FormatTime(one.time).c_str(),
                  one.by_log ? "a transparency log" : "a timestamp authority");
    }
    return;
  }
  json::Writer out;
  out.Boolean("verified", proof.ok());
  if (!proof) {
    out.Text("message", Printable(proof.error().message, 1024));
  } else {
    if (proof->identity) out.Text("issuer", proof->identity->issuer).Text("subject", proof->identity->subject);
    if (!proof->times.empty()) out.Text("time", FormatTime(proof->times.front().time));
    out.Number("logs", static_cast<std::int64_t>(proof->logs));
    out.Number("timestamp_authorities", static_cast<std::int64_t>(proof->timestamp_authorities));
  }
  std::printf("%s\n", out.Finish().c_str());
}

}  // namespace

int VerifyBundle(const VerifyBundleOptions& options) {
  const bool by_identity = !options.identity.empty() && !options.issuer.empty();
  if (by_identity == !options.key.empty()) {
    return Complain("give either --key, or --certificate-identity with --certificate-oidc-issuer", kUsage);
  }
  if (by_identity && options.trusted_root.empty()) {
    return Complain("--trusted-root FILE says which authorities and logs to believe; it is needed without --key",
                    kUsage);
  }
  if (by_identity && options.ignore_log) {
    return Complain("--ignore-log goes with --key: what was signed with a certificate is proven by its log", kUsage);
  }
  if (!by_identity && options.trusted_root.empty() && !options.ignore_log) {
    return Complain(
        "with --key, say which is meant: --trusted-root FILE, whose logs must have an entry of the signature, or "
        "--ignore-log, to believe the key alone",
        kUsage);
  }
  const auto inputs = ReadInputs(options);
  if (!inputs) {
    const bool unreadable =
        inputs.error().code == ErrorCode::kNotFound || inputs.error().code == ErrorCode::kUnavailable;
    return Complain(inputs.error().message, unreadable ? kUnreadable : kRefused);
  }
  const auto proof = VerifyInputs(options, *inputs);
  Report(options, proof);
  return proof ? kVerified : kRefused;
}

}  // namespace pullseal::cli
