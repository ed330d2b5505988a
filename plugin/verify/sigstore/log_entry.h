// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_LOG_ENTRY_H_
#define PULLSEAL_VERIFY_SIGSTORE_LOG_ENTRY_H_

#include "core/base/result.h"
#include "core/crypto/public_key.h"
#include "verify/sigstore/bundle.h"
#include "verify/sigstore/signed_material.h"
#include "verify/sigstore/trusted_material.h"

namespace pullseal::sigstore {

// VerifyLogEntry checks that `entry` is in `log` and about this signature:
//   - the body's kind and version are the ones beside it, and the body is about the signature (EntryBody::IsAbout)
//   - a signed entry timestamp, where there is one, is the log's over the canonical JSON (RFC 8785) of body, time, log
//     and index; the time lies in the validity of the log's key
//   - an inclusion proof, where there is one, leads to the root of a checkpoint of the same size that the log signed
//   - one of the two is there; Rekor v2 (hashedrekord 0.0.2) needs the proof, and one index
// kMismatch if the entry is about something else, kInvalid if it does not hold.
Status VerifyLogEntry(const LogEntry& entry, const TrustedMaterial::Log& log, const SignedMaterial& material,
                      const crypto::PublicKey& key);

// Whether the entry's integratedTime is the log's word: only a signed entry timestamp covers it (CVE-2024-55655).
inline bool TellsTime(const LogEntry& entry) {
  return !entry.signed_entry_timestamp.empty() && entry.integrated_time > 0;
}

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_LOG_ENTRY_H_
