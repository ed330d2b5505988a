// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_TRUSTED_MATERIAL_H_
#define PULLSEAL_VERIFY_SIGSTORE_TRUSTED_MATERIAL_H_

#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/issuer_chain.h"
#include "core/crypto/public_key.h"
#include "core/crypto/timestamp.h"
#include "verify/sigstore/trusted_root.h"

namespace pullseal::sigstore {

// TrustedMaterial is a trusted root made ready: keys parsed, the signatures within its certificate chains verified,
// once for all images. Immutable; thread-safe.
class TrustedMaterial {
 public:
  struct Log {
    std::string host;  // of the base URL
    Bytes id;
    Bytes checkpoint_hint;  // the 4 bytes by which its checkpoints name its key
    crypto::PublicKey key;
    Validity validity;
  };
  struct CertificateAuthority {
    std::string uri;
    crypto::IssuerChain chain;
    Validity validity;
  };
  struct TimestampAuthority {
    std::string uri;
    crypto::TimestampAuthority authority;
    Validity validity;
  };

  // Make takes what can be used. What cannot (a key of an unknown kind, a chain that does not hold) is left out and
  // told in problems(), so that one part that nobody needs does not cost the others; evidence that needs it is refused.
  // kInvalid if nothing can be used.
  static Result<TrustedMaterial> Make(const TrustedRoot& root);

  // The log, or certificate log, of that identifier (sigstore_common.proto, LogId); null if unknown.
  const Log* FindLog(ByteView id) const { return Find(logs_, id); }
  const Log* FindCertificateLog(ByteView id) const { return Find(certificate_logs_, id); }
  const std::vector<Log>& logs() const { return logs_; }
  const std::vector<Log>& certificate_logs() const { return certificate_logs_; }
  const std::vector<CertificateAuthority>& certificate_authorities() const { return certificate_authorities_; }
  const std::vector<TimestampAuthority>& timestamp_authorities() const { return timestamp_authorities_; }

  // What could not be used and why, one sentence each.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  static const Log* Find(const std::vector<Log>& logs, ByteView id);
  void AddLog(const TrustedRoot::Log& log, const char* kind, std::vector<Log>& out);

  std::vector<Log> logs_;
  std::vector<Log> certificate_logs_;
  std::vector<CertificateAuthority> certificate_authorities_;
  std::vector<TimestampAuthority> timestamp_authorities_;
  std::vector<std::string> problems_;
};

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_TRUSTED_MATERIAL_H_
