// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/trusted_material.h"

#include <algorithm>
#include <utility>

namespace pullseal::sigstore {
namespace {

constexpr std::size_t kHintSize = 4;

// The host of a URL, its port included.
std::string HostOf(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

Result<std::vector<crypto::Certificate>> ParseChain(const std::vector<Bytes>& chain) {
  std::vector<crypto::Certificate> out;
  for (const Bytes& der : chain) {
    auto certificate = crypto::Certificate::ParseDer(der);
    if (!certificate) return certificate.error();
    out.push_back(std::move(*certificate));
  }
  return out;
}

Result<crypto::PublicKey> ParseKey(const TrustedRoot::Log& log) {
  if (log.key_details == "PKCS1_RSA_PKCS1V5") return crypto::PublicKey::ParsePkcs1(log.public_key);
  return crypto::PublicKey::ParseDer(log.public_key);
}

}  // namespace

const TrustedMaterial::Log* TrustedMaterial::Find(const std::vector<Log>& logs, ByteView id) {
  const auto found = std::find_if(logs.begin(), logs.end(), [&](const Log& log) {
    return std::equal(log.id.begin(), log.id.end(), id.begin(), id.end());
  });
  return found != logs.end() ? &*found : nullptr;
}

void TrustedMaterial::AddLog(const TrustedRoot::Log& log, const char* kind, std::vector<Log>& out) {
  const std::string what = std::string(kind) + " " + Printable(log.base_url, 100);
  auto key = ParseKey(log);
  if (!key) {
    problems_.push_back(what + ": its key " + key.error().message);
    return;
  }
  const Bytes& hint = log.checkpoint_key_id.empty() ? log.log_id : log.checkpoint_key_id;
  if (hint.size() < kHintSize) {
    problems_.push_back(what + ": its key identifier is shorter than 4 bytes");
    return;
  }
  if (Find(out, log.log_id) != nullptr) {
    problems_.push_back(what + ": another one has its identifier");
    return;
  }
  out.push_back(Log{HostOf(log.base_url), log.log_id, Bytes(hint.begin(), hint.begin() + kHintSize), std::move(*key),
                    log.validity});
}

Result<TrustedMaterial> TrustedMaterial::Make(const TrustedRoot& root) {
  TrustedMaterial out;
  for (const auto& log : root.logs) out.AddLog(log, "transparency log", out.logs_);
  for (const auto& log : root.certificate_logs) out.AddLog(log, "certificate log", out.certificate_logs_);
  for (const auto& one : root.certificate_authorities) {
    auto certificates = ParseChain(one.chain);
    auto chain = certificates ? crypto::IssuerChain::Make(std::move(*certificates), crypto::kCodeSigning)
                              : Result<crypto::IssuerChain>(certificates.error());
    if (chain) {
      out.certificate_authorities_.push_back(CertificateAuthority{one.uri, std::move(*chain), one.validity});
    } else {
      out.problems_.push_back("certificate authority " + Printable(one.uri, 100) + ": " + chain.error().message);
    }
  }
  for (const auto& one : root.timestamp_authorities) {
    auto certificates = ParseChain(one.chain);
    auto authority = certificates ? crypto::TimestampAuthority::Make(std::move(*certificates))
                                  : Result<crypto::TimestampAuthority>(certificates.error());
    if (authority) {
      out.timestamp_authorities_.push_back(TimestampAuthority{one.uri, std::move(*authority), one.validity});
    } else {
      out.problems_.push_back("timestamp authority " + Printable(one.uri, 100) + ": " + authority.error().message);
    }
  }
  if (out.logs_.empty() && out.certificate_authorities_.empty() && out.timestamp_authorities_.empty()) {
    return Error{ErrorCode::kInvalid,
                 "trusted root: nothing in it can be used" + (out.problems_.empty() ? "" : "; " + out.problems_[0])};
  }
  return out;
}

}  // namespace pullseal::sigstore
