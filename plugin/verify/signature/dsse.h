// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_SIGNATURE_DSSE_H_
#define PULLSEAL_VERIFY_SIGNATURE_DSSE_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/json/value.h"

namespace pullseal::signature {

// Payload type of an envelope around an in-toto statement.
inline constexpr std::string_view kInTotoPayloadType = "application/vnd.in-toto+json";

// DsseEnvelope is a signed payload with its type (Dead Simple Signing Envelope, protocol and envelope v1.0).
struct DsseEnvelope {
  struct Signature {
    Bytes sig;
    std::string keyid;  // a hint; proves nothing
  };

  // Parse reads {"payload", "payloadType", "signatures"}, with exactly one signature: one envelope is one signer's
  // word. Payload and signature are standard, padded base64. Unknown members are refused. kInvalid.
  static Result<DsseEnvelope> Parse(const json::Value& value);
  // The same from JSON text of at most limits::kBundleBytes. kInvalid or kLimit.
  static Result<DsseEnvelope> Parse(ByteView bytes);

  // SignedBytes is what the signature is over: the pre-authentication encoding (DSSE protocol, "PAE")
  // "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload, lengths in decimal.
  Bytes SignedBytes() const;

  std::string payload_type;
  Bytes payload;
  Signature signature;
};

}  // namespace pullseal::signature

#endif  // PULLSEAL_VERIFY_SIGNATURE_DSSE_H_
