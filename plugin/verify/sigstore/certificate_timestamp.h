// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_CERTIFICATE_TIMESTAMP_H_
#define PULLSEAL_VERIFY_SIGSTORE_CERTIFICATE_TIMESTAMP_H_

#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/crypto/certificate.h"
#include "core/crypto/public_key.h"

namespace pullseal::sigstore {

// CertificateTimestamp is a certificate log's promise to have logged a certificate (signed certificate timestamp,
// "SCT", RFC 6962 section 3.2), not verified.
struct CertificateTimestamp {
  // EmbeddedIn reads the list in the certificate's extension 1.3.6.1.4.1.11129.2.4.2 (RFC 6962 section 3.3): version 1
  // each, at most limits::kCertificateTimestamps. Empty if there is no such extension. kInvalid or kLimit.
  static Result<std::vector<CertificateTimestamp>> EmbeddedIn(const crypto::Certificate& certificate);

  Bytes log_id;  // 32 bytes: SHA-256 of the log's SubjectPublicKeyInfo
  WallTime time;
  Bytes extensions;
  Bytes signature;
};

// PrecertificateEntry is what logs sign of one certificate: the hash of its issuer's key and its TBSCertificate without
// the list of timestamps (RFC 6962 section 3.2, PreCert).
class PrecertificateEntry {
 public:
  static Result<PrecertificateEntry> Of(const crypto::Certificate& certificate, const crypto::Certificate& issuer);

  // Whether `key` signed `timestamp` for this certificate (RFC 6962 section 3.2, digitally-signed struct, SHA-256).
  bool SignedBy(const CertificateTimestamp& timestamp, const crypto::PublicKey& key) const;

 private:
  Bytes issuer_key_hash_;
  Bytes tbs_;
};

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_CERTIFICATE_TIMESTAMP_H_
