// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGSTORE_ENTRY_BODY_H_
#define PULLSEAL_VERIFY_SIGSTORE_ENTRY_BODY_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/public_key.h"
#include "verify/sigstore/signed_material.h"

namespace pullseal::sigstore {

// EntryBody is what a transparency log recorded about a signature: Rekor's canonical entry body
// {"apiVersion", "kind", "spec"}.
struct EntryBody {
  enum class Kind {
    kHashedRekord,    // hashedrekord 0.0.1
    kHashedRekordV2,  // hashedrekord 0.0.2, of Rekor v2
    kDsse,            // dsse 0.0.1
    kInToto1,         // intoto 0.0.1, for legacy attestations
    kInToto2,         // intoto 0.0.2
  };

  // Parse reads a body of at most limits::kEntryBodyBytes. What kind it is stands in the body itself; any other kind or
  // version is refused. kInvalid or kLimit.
  static Result<EntryBody> Parse(ByteView body);

  // IsAbout checks that the entry is about this very signature: digest of what was signed, signature, and the key or
  // certificate that verifies it, each compared (CVE-2022-36056, CVE-2026-22703). intoto 0.0.1 records no signature, so
  // there the whole envelope is compared. `key` verifies the signature; of material with a certificate it is its key.
  // kMismatch says what differs, kInvalid that a member is absent or malformed.
  Status IsAbout(const SignedMaterial& material, const crypto::PublicKey& key) const;

  Kind kind = Kind::kHashedRekord;
  std::string kind_text;  // as in the body
  std::string version;
  json::Value spec;
};

}  // namespace pullseal::sigstore

#endif  // PULLSEAL_VERIFY_SIGSTORE_ENTRY_BODY_H_
