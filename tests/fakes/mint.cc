// SPDX-License-Identifier: Apache-2.0
#include "fakes/mint.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "core/crypto/hash.h"
#include "core/crypto/sha256.h"

namespace pullseal::fakes {
namespace {

void Must(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("mint: ") + what);
}

X509* Read(const Bytes& der) {
  const unsigned char* position = der.data();
  X509* out = d2i_X509(nullptr, &position, static_cast<long>(der.size()));
  Must(out != nullptr, "unreadable certificate");
  return out;
}

Bytes Write(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

void AddByName(X509* certificate, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, nullptr, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

void AddRaw(X509* certificate, const CertificatePlan::Extension& one) {
  ASN1_OBJECT* object = OBJ_txt2obj(one.oid.c_str(), 1);
  ASN1_OCTET_STRING* content = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(content, one.content.data(), static_cast<int>(one.content.size()));
  X509_EXTENSION* extension = X509_EXTENSION_create_by_OBJ(nullptr, object, one.critical ? 1 : 0, content);
  Must(X509_add_ext(certificate, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
  ASN1_OCTET_STRING_free(content);
  ASN1_OBJECT_free(object);
}

void SetTime(const ASN1_TIME* field, WallTime time) {
  ASN1_TIME_set(const_cast<ASN1_TIME*>(field), std::chrono::system_clock::to_time_t(time));
}

std::string AsString(const Bytes& bytes) { return std::string(bytes.begin(), bytes.end()); }

void Sign(X509* certificate, const TestAuthority& by, const std::string& hash) {
  const EVP_MD* md = EVP_PKEY_is_a(by.native(), "ED25519") ? nullptr : EVP_get_digestbyname(hash.c_str());
  Must(X509_sign(certificate, by.native(), md) > 0, "sign");
}

void Name(const X509_ALGOR* field, const std::string& algorithm) {
  if (algorithm.empty()) return;
  X509_ALGOR_set0(const_cast<X509_ALGOR*>(field), OBJ_txt2obj(algorithm.c_str(), 0), V_ASN1_UNDEF, nullptr);
}

// Signs as the plan says: with one algorithm, and perhaps another's name.
void Sign(X509* certificate, const TestAuthority& by, const CertificatePlan& plan) {
  Sign(certificate, by, plan.hash);
  if (plan.named_inside.empty() && plan.named_outside.empty()) return;
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* outside = nullptr;
  X509_get0_signature(&signature, &outside, certificate);
  Name(X509_get0_tbs_sigalg(certificate), plan.named_inside);
  Name(outside, plan.named_outside);
  unsigned char* der = nullptr;
  const int size = i2d_re_X509_tbs(certificate, &der);
  Bytes fresh = by.Sign(AsString(Bytes(der, der + size)), plan.hash);
  OPENSSL_free(der);
  ASN1_BIT_STRING_set(const_cast<ASN1_BIT_STRING*>(signature), fresh.data(), static_cast<int>(fresh.size()));
}

X509* Prepare(const CertificatePlan& plan, const TestAuthority& key, X509* issuer) {
  static long serial = 1000;
  X509* out = X509_new();
  X509_set_version(out, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out), plan.serial.value_or(++serial));
  SetTime(X509_getm_notBefore(out), plan.from);
  SetTime(X509_getm_notAfter(out), plan.to);
  for (const auto& [type, value] : plan.subject) {
    const bool joins = type.starts_with('+');
    X509_NAME_add_entry_by_txt(X509_get_subject_name(out), type.c_str() + (joins ? 1 : 0), MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, joins ? -1 : 0);
  }
  if (!plan.end_text.empty()) ASN1_STRING_set(X509_getm_notAfter(out), plan.end_text.data(), -1);
  if (!plan.common_name.empty()) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(out), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(plan.common_name.c_str()), -1, -1, 0);
  }
  X509_set_issuer_name(out, X509_get_subject_name(issuer != nullptr ? issuer : out));
  X509_set_pubkey(out, key.native());
  if (!plan.basic_constraints.empty()) {
    AddByName(out, NID_basic_constraints, plan.basic_constraints);
  } else if (plan.is_authority) {
    AddByName(
        out, NID_basic_constraints,
        plan.path_length < 0 ? "critical,CA:TRUE" : "critical,CA:TRUE,pathlen:" + std::to_string(plan.path_length));
  }
  AddByName(out, NID_key_usage, plan.key_usage);
  AddByName(out, NID_ext_key_usage, plan.extended_key_usage);
  AddByName(out, NID_subject_alt_name, plan.alternative_names);
  AddByName(out, NID_name_constraints, plan.name_constraints);
  for (const auto& one : plan.extensions) AddRaw(out, one);
  return out;
}

void Put(Bytes& out, std::uint64_t number, int size) {
  for (int i = size; i-- > 0;) out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

void Put(Bytes& out, const Bytes& bytes, int length_size) {
  Put(out, bytes.size(), length_size);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

Bytes TimestampOf(const CertificateLog& log, const Bytes& issuer_key, const Bytes& tbs) {
  const auto milliseconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(log.time.time_since_epoch()).count());
  Bytes message = {0, 0};
  Put(message, milliseconds, 8);
  Put(message, 1, 2);
  const Bytes issuer_hash = crypto::Digest(crypto::Hash::kSha256, issuer_key);
  message.insert(message.end(), issuer_hash.begin(), issuer_hash.end());
  Put(message, tbs, 3);
  Put(message, log.extensions, 2);
  if (log.broken) message.push_back(0);
  Bytes out = {0};
  const Bytes id = log.id.empty() ? crypto::Digest(crypto::Hash::kSha256, log.key->PublicDer()) : log.id;
  out.insert(out.end(), id.begin(), id.end());
  Put(out, milliseconds, 8);
  Put(out, log.extensions, 2);
  out.push_back(4);
  out.push_back(3);
  Put(out, log.key->Sign(AsString(message)), 2);
  return out;
}

int TimeCallback(TS_resp_ctx*, void* data, long* seconds, long* microseconds) {
  const auto since = static_cast<const WallTime*>(data)->time_since_epoch();
  *seconds = static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
  *microseconds = static_cast<long>(std::chrono::duration_cast<std::chrono::microseconds>(since).count() % 1'000'000);
  return 1;
}

ASN1_INTEGER* SerialCallback(TS_resp_ctx*, void*) {
  ASN1_INTEGER* out = ASN1_INTEGER_new();
  ASN1_INTEGER_set(out, 77);
  return out;
}

}  // namespace

Minted Mint(const CertificatePlan& plan, const TestAuthority& key, const std::optional<Minted>& issuer) {
  X509* above = issuer ? Read(issuer->der) : nullptr;
  X509* made = Prepare(plan, key, above);
  Sign(made, issuer ? *issuer->key : key, plan);
  Minted out{Write(made), &key};
  X509_free(made);
  X509_free(above);
  return out;
}

Minted MintLogged(const CertificatePlan& plan, const TestAuthority& key, const Minted& issuer,
                  const std::vector<CertificateLog>& logs) {
  X509* above = Read(issuer.der);
  X509* made = Prepare(plan, key, above);
  Sign(made, *issuer.key, plan.hash);
  unsigned char* der = nullptr;
  const int size = i2d_re_X509_tbs(made, &der);
  const Bytes tbs(der, der + size);
  OPENSSL_free(der);
  Bytes list;
  for (const CertificateLog& log : logs) Put(list, TimestampOf(log, issuer.key->PublicDer(), tbs), 2);
  Bytes content;
  Put(content, list, 2);
  ASN1_OCTET_STRING* inner = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(inner, content.data(), static_cast<int>(content.size()));
  der = nullptr;
  const int inner_size = i2d_ASN1_OCTET_STRING(inner, &der);
  AddRaw(made, {"1.3.6.1.4.1.11129.2.4.2", Bytes(der, der + inner_size), false});
  OPENSSL_free(der);
  ASN1_OCTET_STRING_free(inner);
  Sign(made, *issuer.key, plan);
  Minted out{Write(made), &key};
  X509_free(made);
  X509_free(above);
  return out;
}

Bytes Stamp(const StampPlan& plan, const Minted& signer, ByteView bytes) {
  const EVP_MD* md = EVP_get_digestbyname(plan.imprint_hash.c_str());
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int digest_size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &digest_size, md, nullptr);
  TS_REQ* request = TS_REQ_new();
  TS_REQ_set_version(request, 1);
  TS_MSG_IMPRINT* imprint = TS_MSG_IMPRINT_new();
  X509_ALGOR* algorithm = X509_ALGOR_new();
  X509_ALGOR_set_md(algorithm, md);
  TS_MSG_IMPRINT_set_algo(imprint, algorithm);
  TS_MSG_IMPRINT_set_msg(imprint, digest, static_cast<int>(digest_size));
  TS_REQ_set_msg_imprint(request, imprint);
  TS_REQ_set_cert_req(request, plan.with_certificate ? 1 : 0);
  BIO* in = BIO_new(BIO_s_mem());
  i2d_TS_REQ_bio(in, request);

  TS_RESP_CTX* context = TS_RESP_CTX_new();
  X509* certificate = Read(signer.der);
  Must(TS_RESP_CTX_set_signer_cert(context, certificate) == 1, "this certificate may not sign timestamps");
  TS_RESP_CTX_set_signer_key(context, signer.key->native());
  STACK_OF(X509)* more = sk_X509_new_null();
  for (const Bytes& one : plan.more_certificates) sk_X509_push(more, Read(one));
  if (sk_X509_num(more) > 0) TS_RESP_CTX_set_certs(context, more);
  ASN1_OBJECT* policy = OBJ_txt2obj("1.3.6.1.4.1.57264.2", 1);
  TS_RESP_CTX_set_def_policy(context, policy);
  TS_RESP_CTX_set_signer_digest(context, EVP_sha256());
  TS_RESP_CTX_set_ess_cert_id_digest(context, EVP_sha256());
  for (const char* name : {"SHA1", "SHA256", "SHA384", "SHA512"})
    TS_RESP_CTX_add_md(context, EVP_get_digestbyname(name));
  WallTime time = plan.time;
  TS_RESP_CTX_set_time_cb(context, TimeCallback, &time);
  TS_RESP_CTX_set_serial_cb(context, SerialCallback, nullptr);
  TS_RESP_CTX_set_clock_precision_digits(context, 3);
  TS_RESP* response = TS_RESP_create_response(context, in);
  Must(response != nullptr && TS_RESP_get_token(response) != nullptr, "no timestamp");
  unsigned char* der = nullptr;
  const int size = i2d_TS_RESP(response, &der);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  TS_RESP_free(response);
  TS_RESP_CTX_free(context);
  sk_X509_pop_free(more, X509_free);
  X509_free(certificate);
  ASN1_OBJECT_free(policy);
  TS_MSG_IMPRINT_free(imprint);
  X509_ALGOR_free(algorithm);
  TS_REQ_free(request);
  BIO_free(in);
  return out;
}

Bytes Utf8String(const std::string& text) {
  Must(text.size() < 0x10000, "text");
  Bytes out = {0x0c};
  if (text.size() >= 0x100) {
    out.push_back(0x82);
    out.push_back(static_cast<std::uint8_t>(text.size() >> 8));
  } else if (text.size() >= 0x80) {
    out.push_back(0x81);
  }
  out.push_back(static_cast<std::uint8_t>(text.size()));
  out.insert(out.end(), text.begin(), text.end());
  return out;
}

std::string ToPem(const Bytes& certificate) {
  std::string body = Base64Encode(certificate);
  for (std::size_t at = 64; at < body.size(); at += 65) body.insert(at, "\n");
  return "-----BEGIN CERTIFICATE-----\n" + body + "\n-----END CERTIFICATE-----\n";
}

namespace {

X509* ReadX509(const Bytes& der) {
  const unsigned char* position = der.data();
  return d2i_X509(nullptr, &position, static_cast<long>(der.size()));
}

X509_EXTENSION* MakeExtension(const CertificatePlan::Extension& plan) {
  ASN1_OBJECT* oid = OBJ_txt2obj(plan.oid.c_str(), 1);
  ASN1_OCTET_STRING* content = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(content, plan.content.data(), static_cast<int>(plan.content.size()));
  X509_EXTENSION* out = X509_EXTENSION_create_by_OBJ(nullptr, oid, plan.critical ? 1 : 0, content);
  ASN1_OCTET_STRING_free(content);
  ASN1_OBJECT_free(oid);
  return out;
}

ASN1_TIME* MakeTime(WallTime time) { return ASN1_TIME_set(nullptr, std::chrono::system_clock::to_time_t(time)); }

}  // namespace

Bytes MintList(const ListPlan& plan, const Minted& issuer) {
  X509_CRL* list = X509_CRL_new();
  X509_CRL_set_version(list, 1);
  X509* by = ReadX509(issuer.der);
  X509_CRL_set_issuer_name(list, X509_get_subject_name(by));
  ASN1_TIME* from = MakeTime(plan.from);
  X509_CRL_set1_lastUpdate(list, from);
  ASN1_TIME* to = plan.to ? MakeTime(*plan.to) : nullptr;
  if (to != nullptr) X509_CRL_set1_nextUpdate(list, to);
  for (const Bytes& der : plan.revoked) {
    X509* one = ReadX509(der);
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(one));
    X509_REVOKED_set_revocationDate(entry, from);
    for (const auto& extension : plan.entry_extensions) {
      X509_EXTENSION* made = MakeExtension(extension);
      X509_REVOKED_add_ext(entry, made, -1);
      X509_EXTENSION_free(made);
    }
    X509_CRL_add0_revoked(list, entry);
    X509_free(one);
  }
  for (const auto& extension : plan.extensions) {
    X509_EXTENSION* made = MakeExtension(extension);
    X509_CRL_add_ext(list, made, -1);
    X509_EXTENSION_free(made);
  }
  X509_CRL_sort(list);
  X509_CRL_sign(list, const_cast<EVP_PKEY*>(issuer.key->native()), EVP_get_digestbyname(plan.hash.c_str()));
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(list, &der);
  Bytes out(der, der + (size > 0 ? size : 0));
  OPENSSL_free(der);
  ASN1_TIME_free(from);
  ASN1_TIME_free(to);
  X509_free(by);
  X509_CRL_free(list);
  return out;
}

}  // namespace pullseal::fakes
