// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_TRUSTED_ROOT_H_
#define PULLSEAL_VERIFY_SIGSTORE_TRUSTED_ROOT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"

namespace pullseal::sigstore {

// Validity is when something may be trusted; both ends belong to it. Without an end it is trusted until further notice.
struct Validity {
  bool Contains(WallTime time) const { return start <= time && (!end || time <= *end); }

  WallTime start;
  std::optional<WallTime> end;
};

// TrustedRoot says whom Sigstore's evidence is believed: certificate authorities, transparency logs, timestamp
// authorities (sigstore/protobuf-specs, sigstore_trustroot.proto). Well formed if it exists; keys and certificates are
// not parsed here.
struct TrustedRoot {
  struct Log {
    std::string base_url;
    Bytes log_id;
    Bytes checkpoint_key_id;  // empty where log_id is meant
    Bytes public_key;         // DER SubjectPublicKeyInfo, or PKCS #1 where key_details says so
    std::string key_details;
    Validity validity;
  };
  struct Authority {
    std::string uri;
    std::vector<Bytes> chain;  // DER, the issuing certificate first, the root last
    Validity validity;
  };

  // Parse reads a trusted_root.json of version 0.1 or 0.2, at most limits::kTrustRootBytes. Members it does not know
  // are passed over, so that a new field does not stop a node. A log without a start of its validity is refused; an
  // authority without one is valid from 1970 on. kInvalid or kLimit.
  static Result<TrustedRoot> Parse(std::string_view text);

  std::vector<Log> logs;              // Rekor
  std::vector<Log> certificate_logs;  // certificate transparency
  std::vector<Authority> certificate_authorities;
  std::vector<Authority> timestamp_authorities;
};

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_TRUSTED_ROOT_H_
