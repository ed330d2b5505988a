// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/countersignature.h"

#include <string>
#include <utility>
#include <vector>

#include "core/crypto/certificate_profile.h"
#include "core/crypto/issuer_chain.h"
#include "core/crypto/path_search.h"
#include "core/crypto/timestamp_token.h"
#include "verify/notary/limits.h"
#include "verify/notary/signing_chain.h"

namespace pullseal::notary {
namespace {

using crypto::Certificate;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "timestamp: " + std::move(message)}; }

// Whether the path above the token's signer holds, by the rules and at the token's time.
Status CheckPath(const crypto::TimestampToken& token, const Certificate& signer,
                 const std::vector<Certificate>& above) {
  const auto own = token.signing_time();
  const auto valid_then = [&](const Certificate& one) {
    return one.ValidAt(token.time()) && (!own || one.ValidAt(*own));
  };
  if (!valid_then(signer)) return Invalid("its authority's certificate was not valid then");
  for (const Certificate& one : above) {
    if (!valid_then(one)) return Invalid("a certificate above its authority's was not valid then");
    if (auto good = CheckAuthority(one, true); !good) {
      return Invalid("certificate \"" + one.SubjectText() + "\" " + good.error().message);
    }
  }
  const auto issuers = crypto::IssuerChain::Make(above, crypto::kTimeStamping);
  if (!issuers) return Invalid(issuers.error().message);
  const Status issued = issuers->Issued(signer);
  return issued ? issued : Status(Invalid(issued.error().message));
}

}  // namespace

Result<VerifiedTimestamp> VerifyTimestamp(ByteView token, ByteView signature, const TrustStore& store, WallTime now) {
  const auto read = crypto::TimestampToken::Parse(token);
  if (!read) return read.error();
  // Nothing of it is used before it is known who signed it.
  const auto signer = read->Signer();
  if (!signer) return signer.error();
  if (auto good = CheckTimestamper(*signer); !good) {
    return Invalid("its signer's certificate \"" + signer->SubjectText() + "\" " + good.error().message);
  }
  VerifiedTimestamp out;
  const auto path = crypto::SearchPath(*signer, read->certificates(), store.certificates(), [&](const auto& above) {
    Status good = CheckPath(*read, *signer, above);
    if (good) out.chain = above;
    return good;
  });
  if (!path) {
    const std::string& why = path.error().message;
    return why.starts_with("timestamp: ")
               ? path.error()
               : Invalid("its authority is not one of trust store " + store.name() + ": " + why);
  }
  if (!read->IsOver(signature)) return Invalid("is over something else than this signature");
  if (read->time() > now + limits::kNotaryClockSkew) return Invalid("is from the future");
  out.chain.insert(out.chain.begin(), *signer);
  out.first = read->time() - read->accuracy();
  out.last = read->time() + read->accuracy();
  return out;
}

}  // namespace pullseal::notary
