// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_VERIFY_NOTARY_COUNTERSIGNATURE_H_
#define PULLSEAL_VERIFY_NOTARY_COUNTERSIGNATURE_H_

#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "verify/notary/trust.h"

namespace pullseal::notary {

// ProvenInterval is when a signature existed by a timestamp authority's word: at some moment from the first to the
// last.
struct ProvenInterval {
  WallTime first;
  WallTime last;
};

// VerifiedTimestamp is one that holds, with its certificates: the signer's first, the one of the store last.
struct VerifiedTimestamp : ProvenInterval {
  std::vector<crypto::Certificate> chain;
};

// VerifyTimestamp verifies a bare RFC 3161 token over the raw bytes of a signature: the token itself (see
// crypto::TimestampToken), its signer's certificate ("TSA certificates" of the Notary Project's requirements), and a
// path of at most eight certificates from the token to one of `store`, all of them valid at genTime (and at CMS's own
// signing time, where there is one). The search for it is bounded (crypto::SearchPath). A genTime more than
// limits::kNotaryClockSkew after `now` is refused; else `now` is of no meaning: an authority that has ended meanwhile
// was good then. kInvalid or kLimit. Thread-safe.
Result<VerifiedTimestamp> VerifyTimestamp(ByteView token, ByteView signature, const TrustStore& store, WallTime now);

}  // namespace pullseal::notary

#endif  // PULLSEAL_VERIFY_NOTARY_COUNTERSIGNATURE_H_
