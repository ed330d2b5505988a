// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/timestamp.h"

#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <utility>

#include "core/crypto/hash.h"
#include "core/crypto/limits.h"
#include "core/crypto/openssl.h"

namespace pullseal::crypto {
namespace {

using ResponsePtr = std::unique_ptr<TS_RESP, Deleter<TS_RESP_free>>;
using ContextPtr = std::unique_ptr<TS_VERIFY_CTX, Deleter<TS_VERIFY_CTX_free>>;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "timestamp: " + std::move(message)}; }

std::optional<Hash> HashOf(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  switch (OBJ_obj2nid(object)) {
    case NID_sha256:
      return Hash::kSha256;
    case NID_sha384:
      return Hash::kSha384;
    case NID_sha512:
      return Hash::kSha512;
    default:
      return std::nullopt;
  }
}

// GeneralizedTime of RFC 3161 section 2.4.2: YYYYMMDDhhmmss[.s...]Z.
std::optional<WallTime> TimeOf(const ASN1_GENERALIZEDTIME* time) {
  if (time == nullptr) return std::nullopt;
  const std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(time)),
                         static_cast<std::size_t>(ASN1_STRING_length(time)));
  if (text.size() < 15 || text.back() != 'Z') return std::nullopt;
  return ParseTime(text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2) + "T" + text.substr(8, 2) +
                   ":" + text.substr(10, 2) + ":" + text.substr(12));
}

// The only signer of the token.
PKCS7_SIGNER_INFO* SignerOf(PKCS7* token) {
  if (token == nullptr || PKCS7_type_is_signed(token) != 1) return nullptr;
  STACK_OF(PKCS7_SIGNER_INFO)* signers = PKCS7_get_signer_info(token);
  return signers != nullptr && sk_PKCS7_SIGNER_INFO_num(signers) == 1 ? sk_PKCS7_SIGNER_INFO_value(signers, 0)
                                                                      : nullptr;
}

// Verifies the token's signature by certificates of `known`, up to `anchor`.
bool VerifyToken(PKCS7* token, const std::vector<Certificate>& known, const Certificate& anchor) {
  const ContextPtr context(TS_VERIFY_CTX_new());
  if (!context) return false;
  TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_SIGNATURE | TS_VFY_VERSION);
  TS_VERIFY_CTX_set_store(context.get(), StoreTrusting(anchor).release());
  STACK_OF(X509)* certificates = sk_X509_new_null();
  for (const Certificate& one : known) {
    X509* native = one.impl().Native();
    if (native != nullptr && X509_up_ref(native) == 1) sk_X509_push(certificates, native);
  }
  TS_VERIFY_CTX_set_certs(context.get(), certificates);
  const bool good = TS_RESP_verify_token(context.get(), token) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

Result<TimestampAuthority> TimestampAuthority::Make(std::vector<Certificate> chain) {
  if (chain.empty()) return Error{ErrorCode::kInvalid, "has no certificates"};
  Certificate signer = std::move(chain.front());
  chain.erase(chain.begin());
  if (signer.IsAuthority())
    return Error{ErrorCode::kInvalid, "the first certificate is an authority's, not the one that signs timestamps"};
  const auto usages = signer.ExtendedKeyUsages();
  X509* x509 = signer.impl().Native();
  if (x509 == nullptr) return Error{ErrorCode::kInvalid, "its signing certificate is not readable"};
  const int at = X509_get_ext_by_NID(x509, NID_ext_key_usage, -1);
  if (usages != std::vector<std::string>{kTimeStamping} || X509_EXTENSION_get_critical(X509_get_ext(x509, at)) != 1) {
    return Error{ErrorCode::kInvalid,
                 "timeStamping is not the signing certificate's only extended key usage, critical"};
  }
  if (const auto key = signer.Key(); !key) return key.error();
  std::optional<IssuerChain> above;
  if (!chain.empty()) {
    auto made = IssuerChain::Make(std::move(chain), kTimeStamping);
    if (!made) return made.error();
    if (auto issued = made->Issued(signer); !issued) return issued.error().In("the signing certificate");
    above = std::move(*made);
  }
  return TimestampAuthority(std::move(signer), std::move(above));
}

struct Timestamp::Impl {
  ResponsePtr response;
  PKCS7* token = nullptr;  // inside response
  WallTime time;
  Hash hash = Hash::kSha256;
  Bytes imprint;
};

Result<Timestamp> Timestamp::Parse(ByteView der) {
  if (der.size() > limits::kTimestampBytes) return Error{ErrorCode::kLimit, "timestamp is too large"};
  const unsigned char* position = der.data();
  auto impl = std::make_shared<Impl>();
  impl->response = ResponsePtr(d2i_TS_RESP(nullptr, &position, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!impl->response || position != der.data() + der.size()) return Invalid("is not one readable TimeStampResp");
  const ASN1_INTEGER* status = TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(impl->response.get()));
  const long granted = status != nullptr ? ASN1_INTEGER_get(status) : -1;
  if (granted != TS_STATUS_GRANTED && granted != TS_STATUS_GRANTED_WITH_MODS) return Invalid("was not granted");
  impl->token = TS_RESP_get_token(impl->response.get());
  TS_TST_INFO* info = TS_RESP_get_tst_info(impl->response.get());
  const PKCS7_SIGNER_INFO* signer = SignerOf(impl->token);
  if (info == nullptr || signer == nullptr) return Invalid("has no token with exactly one signer");
  const auto time = TimeOf(TS_TST_INFO_get_time(info));
  if (!time) return Invalid("its genTime is no time in UTC");
  impl->time = *time;
  TS_MSG_IMPRINT* imprint = TS_TST_INFO_get_msg_imprint(info);
  const auto hash = HashOf(TS_MSG_IMPRINT_get_algo(imprint));
  const bool sound = hash && signer->digest_alg != nullptr && HashOf(signer->digest_alg);
  if (!sound) return Invalid("uses a hash that is not accepted, such as SHA-1");
  const ASN1_OCTET_STRING* bytes = TS_MSG_IMPRINT_get_msg(imprint);
  const unsigned char* data = ASN1_STRING_get0_data(bytes);
  impl->hash = *hash;
  impl->imprint.assign(data, data + ASN1_STRING_length(bytes));
  return Timestamp(std::move(impl));
}

WallTime Timestamp::time() const { return impl_->time; }

bool Timestamp::IsOver(ByteView bytes) const { return Digest(impl_->hash, bytes) == impl_->imprint; }

bool Timestamp::Names(const TimestampAuthority& authority) const {
  const PKCS7_SIGNER_INFO* signer = SignerOf(impl_->token);
  const PKCS7_ISSUER_AND_SERIAL* who = signer->issuer_and_serial;
  const X509* x509 = authority.signer().impl().Native();
  return who != nullptr && X509_NAME_cmp(who->issuer, X509_get_issuer_name(x509)) == 0 &&
         ASN1_INTEGER_cmp(who->serial, X509_get0_serialNumber(x509)) == 0;
}

Status Timestamp::Verify(const TimestampAuthority& authority) const {
  if (!Names(authority)) return Invalid("is by another signer");
  // A signer is looked for among the certificates given first, so the ones in the token never are.
  if (VerifyToken(impl_->token, {authority.signer()}, authority.signer())) return {};
  // The ESS attribute may name the certificates above the signer, too; then they have to be in the path.
  if (authority.chain()) {
    std::vector<Certificate> known = authority.chain()->certificates();
    const Certificate anchor = known.back();
    known.insert(known.begin(), authority.signer());
    if (VerifyToken(impl_->token, known, anchor)) return {};
  }
  return Invalid("its signature is not the authority's");
}

}  // namespace pullseal::crypto
