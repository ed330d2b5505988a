// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/countersignature.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/crypto/certificate_profile.h"
#include "core/crypto/issuer_chain.h"
#include "core/crypto/timestamp_token.h"
#include "verify/notary/limits.h"
#include "verify/notary/signing_chain.h"

namespace pullseal::notary {
namespace {

using crypto::Certificate;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "timestamp: " + std::move(message)}; }

// PathSearch looks for a path from a token's signer to the store, depth first. Names alone lead it; what they lead to
// is verified whole.
class PathSearch {
 public:
  PathSearch(const crypto::TimestampToken& token, const Certificate& signer, const TrustStore& store)
      : token_(token), signer_(signer), store_(store) {}

  Status Run() {
    Extend(signer_);
    return found_ ? Status() : Status(Invalid(why_));
  }

 private:
  // Tries every certificate that may be the issuer of the path's last one.
  void Extend(const Certificate& last) {
    if (found_ || path_.size() == limits::kTimestampPathDepth) return;
    for (const Certificate& one : store_.certificates()) {
      if (found_ || !MayGoOn()) return;
      if (crypto::NamesAsIssuer(last, one)) Try(one);
    }
    for (const Certificate& one : token_.certificates()) {
      if (found_ || !MayGoOn()) return;
      if (!crypto::NamesAsIssuer(last, one) || IsInPath(one) || store_.Holds(one)) continue;
      path_.push_back(one);
      Extend(one);
      path_.pop_back();
    }
  }

  bool MayGoOn() { return ++steps_ <= limits::kTimestampPathSteps && tries_ < limits::kTimestampPaths; }

  bool IsInPath(const Certificate& certificate) const {
    return certificate.Der() == signer_.Der() || std::any_of(path_.begin(), path_.end(), [&](const Certificate& one) {
             return one.Der() == certificate.Der();
           });
  }

  void Try(const Certificate& anchor) {
    ++tries_;
    path_.push_back(anchor);
    const Status good = Check();
    path_.pop_back();
    found_ = good.ok();
    if (!good) why_ = good.error().message;
  }

  bool ValidThen(const Certificate& certificate) const {
    const auto own = token_.signing_time();
    return certificate.ValidAt(token_.time()) && (!own || certificate.ValidAt(*own));
  }

  Status Check() const {
    if (!ValidThen(signer_)) return Error{ErrorCode::kInvalid, "its authority's certificate was not valid then"};
    for (const Certificate& one : path_) {
      if (!ValidThen(one)) return Error{ErrorCode::kInvalid, "a certificate above its authority's was not valid then"};
      if (auto good = CheckAuthority(one, true); !good) {
        return Error{ErrorCode::kInvalid, "certificate \"" + one.SubjectText() + "\" " + good.error().message};
      }
    }
    const auto issuers = crypto::IssuerChain::Make(path_, crypto::kTimeStamping);
    if (!issuers) return issuers.error();
    return issuers->Issued(signer_);
  }

  const crypto::TimestampToken& token_;
  const Certificate& signer_;
  const TrustStore& store_;
  std::vector<Certificate> path_;  // above the signer
  std::size_t steps_ = 0;
  std::size_t tries_ = 0;
  bool found_ = false;
  std::string why_ = "its authority is not one of trust store " + store_.name();
};

}  // namespace

Result<ProvenInterval> VerifyTimestamp(ByteView token, ByteView signature, const TrustStore& store, WallTime now) {
  const auto read = crypto::TimestampToken::Parse(token);
  if (!read) return read.error();
  // Nothing of it is used before it is known who signed it.
  const auto signer = read->Signer();
  if (!signer) return signer.error();
  if (auto good = CheckTimestamper(*signer); !good) {
    return Invalid("its signer's certificate \"" + signer->SubjectText() + "\" " + good.error().message);
  }
  if (auto path = PathSearch(*read, *signer, store).Run(); !path) return path.error();
  if (!read->IsOver(signature)) return Invalid("is over something else than this signature");
  if (read->time() > now + limits::kNotaryClockSkew) return Invalid("is from the future");
  return ProvenInterval{read->time() - read->accuracy(), read->time() + read->accuracy()};
}

}  // namespace pullseal::notary
