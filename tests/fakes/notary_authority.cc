// SPDX-License-Identifier: Apache-2.0
#include "fakes/notary_authority.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <stdexcept>

namespace pullseal::fakes {
namespace {

void Must(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("notary authority: ") + what);
}

void Append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }
Bytes FromText(std::string_view text) { return Bytes(text.begin(), text.end()); }
std::string ToString(const Bytes& bytes) { return std::string(bytes.begin(), bytes.end()); }

Bytes HashBytes(const std::string& name, ByteView bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), out, &size, EVP_get_digestbyname(name.c_str()), nullptr);
  return Bytes(out, out + size);
}

std::string HashOid(const std::string& name) {
  if (name == "SHA1") return "1.3.14.3.2.26";
  if (name == "SHA256") return "2.16.840.1.101.3.4.2.1";
  if (name == "SHA384") return "2.16.840.1.101.3.4.2.2";
  Must(name == "SHA512", "hash");
  return "2.16.840.1.101.3.4.2.3";
}

std::string EcdsaOid(const std::string& hash) {
  if (hash == "SHA1") return "1.2.840.10045.4.1";
  return std::string("1.2.840.10045.4.3.") + (hash == "SHA256" ? "2" : hash == "SHA384" ? "3" : "4");
}

std::string RsaOid(const std::string& hash) {
  return std::string("1.2.840.113549.1.1.") + (hash == "SHA1"     ? "5"
                                               : hash == "SHA256" ? "11"
                                               : hash == "SHA384" ? "12"
                                                                  : "13");
}

Bytes AlgorithmDer(const std::string& oid) { return Der(0x30, {DerOid(oid)}); }

// IssuerAndSerialNumber of a certificate.
Bytes NameOfCertificate(const Bytes& certificate, bool as_general_names) {
  const unsigned char* position = certificate.data();
  X509* x509 = d2i_X509(nullptr, &position, static_cast<long>(certificate.size()));
  Must(x509 != nullptr, "certificate");
  unsigned char* der = nullptr;
  int size = i2d_X509_NAME(X509_get_issuer_name(x509), &der);
  Bytes issuer(der, der + size);
  OPENSSL_free(der);
  der = nullptr;
  size = i2d_ASN1_INTEGER(X509_get_serialNumber(x509), &der);
  const Bytes serial(der, der + size);
  OPENSSL_free(der);
  X509_free(x509);
  if (as_general_names) issuer = Der(0x30, {Der(0xa4, {issuer})});
  return Der(0x30, {issuer, serial});
}

std::string Compact(WallTime time, bool four_digits) {
  std::string text;
  for (const char c : FormatTime(time).substr(0, 19)) {
    if (c >= '0' && c <= '9') text.push_back(c);
  }
  return text.substr(four_digits ? 0 : 2) + "Z";
}

Bytes Attribute(const std::string& oid, const Bytes& value) { return Der(0x30, {DerOid(oid), Der(0x31, {value})}); }

Bytes EssAttribute(const TokenPlan& plan, const Bytes& certificate) {
  if (plan.ess_hash == "SHA1-v1") {
    const Bytes id = Der(0x30, {Der(0x04, {HashBytes("SHA1", certificate)}), NameOfCertificate(certificate, true)});
    return Attribute("1.2.840.113549.1.9.16.2.12", Der(0x30, {Der(0x30, {id})}));
  }
  const Bytes algorithm = plan.ess_hash == "SHA256" ? Bytes() : AlgorithmDer(HashOid(plan.ess_hash));
  const Bytes id =
      Der(0x30, {algorithm, Der(0x04, {HashBytes(plan.ess_hash, certificate)}), NameOfCertificate(certificate, true)});
  return Attribute("1.2.840.113549.1.9.16.2.47", Der(0x30, {Der(0x30, {id})}));
}

Bytes InfoDer(const TokenPlan& plan, const Bytes& over) {
  const Bytes imprint =
      Der(0x30, {AlgorithmDer(HashOid(plan.imprint_hash)), Der(0x04, {HashBytes(plan.imprint_hash, over)})});
  Bytes out = Der(0x30, {DerNumber(plan.info_version), DerOid(plan.policy), imprint, DerNumber(77),
                         Der(0x18, {FromText(Compact(plan.time, true))}), plan.accuracy, plan.more_info});
  Append(out, plan.behind_info);
  return out;
}

CertificatePlan Base(const std::string& name, const char* to) {
  CertificatePlan out;
  out.common_name = name;
  out.subject = {{"C", "US"}, {"ST", "WA"}, {"O", "Acme"}};
  out.from = *ParseTime("2026-01-01T00:00:00Z");
  out.to = *ParseTime(to);
  return out;
}

CertificatePlan Changed(CertificatePlan plan, const NotarySetup::Change& change) {
  if (change) change(plan);
  return plan;
}

}  // namespace

CertificatePlan NotaryRootPlan(const std::string& name) {
  CertificatePlan out = Base(name, "2036-01-01T00:00:00Z");
  out.is_authority = true;
  out.key_usage = "critical,digitalSignature,keyCertSign,cRLSign";
  return out;
}

CertificatePlan NotaryCaPlan(const std::string& name) {
  CertificatePlan out = NotaryRootPlan(name);
  out.to = *ParseTime("2027-01-01T00:00:00Z");
  return out;
}

CertificatePlan NotaryLeafPlan() {
  CertificatePlan out = Base("release", "2027-01-01T00:00:00Z");
  out.extended_key_usage = "codeSigning";
  return out;
}

CertificatePlan NotaryTsaPlan() {
  CertificatePlan out = Base("time", "2027-01-01T00:00:00Z");
  out.extended_key_usage = "critical,timeStamping";
  return out;
}

const std::string NotaryAuthority::kDigest = "sha256:" + std::string(64, 'a');

NotaryAuthority::NotaryAuthority(NotarySetup setup)
    : root_key_(setup.ca_key), ca_key_(setup.ca_key), leaf_key_(setup.leaf_key) {
  root_ = Mint(Changed(NotaryRootPlan("root"), setup.root), root_key_, std::nullopt);
  ca_ = Mint(Changed(NotaryCaPlan("ca"), setup.ca), ca_key_, root_);
  leaf_ = Mint(Changed(NotaryLeafPlan(), setup.leaf), leaf_key_, ca_);
  tsa_root_ = Mint(Changed(NotaryRootPlan("tsa root"), setup.tsa_root), tsa_root_key_, std::nullopt);
  tsa_ca_ = Mint(Changed(NotaryCaPlan("tsa ca"), setup.tsa_ca), tsa_ca_key_, tsa_root_);
  tsa_ = Mint(Changed(NotaryTsaPlan(), setup.tsa), tsa_key_, tsa_ca_);
}

std::string NotaryAuthority::Payload(const std::string& digest, const std::string& annotations) {
  return R"({"targetArtifact":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" + digest +
         R"(","size":524)" + (annotations.empty() ? "" : ",\"annotations\":" + annotations) + "}}";
}

std::string NotaryAuthority::AlgorithmName() const {
  const int bits = EVP_PKEY_get_bits(leaf_key_.native());
  if (EVP_PKEY_is_a(leaf_key_.native(), "RSA")) return bits <= 2048 ? "PS256" : bits <= 3072 ? "PS384" : "PS512";
  return bits <= 256 ? "ES256" : bits == 384 ? "ES384" : "ES512";
}

std::string NotaryAuthority::HashName() const { return "SHA" + AlgorithmName().substr(2); }

Bytes NotaryAuthority::Signature(const std::string& message, const NotaryPlan& plan) const {
  const TestAuthority& key = plan.signs_with != nullptr ? *plan.signs_with : leaf_key_;
  const bool rsa = EVP_PKEY_is_a(key.native(), "RSA") == 1;
  if (plan.pkcs1 || EVP_PKEY_is_a(key.native(), "ED25519")) return key.Sign(message, HashName());
  if (rsa) {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* options = nullptr;
    EVP_DigestSignInit(context, &options, EVP_get_digestbyname(HashName().c_str()), nullptr, key.native());
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, plan.salt);
    std::size_t size = 1024;
    Bytes out(size);
    const ByteView bytes = AsBytes(message);
    Must(EVP_DigestSign(context, out.data(), &size, bytes.data(), bytes.size()) == 1, "PSS");
    out.resize(size);
    EVP_MD_CTX_free(context);
    return out;
  }
  const Bytes der = key.Sign(message, HashName());
  if (plan.der) return der;
  const unsigned char* position = der.data();
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(der.size()));
  const int half = (EVP_PKEY_get_bits(key.native()) + 7) / 8;
  Bytes out(static_cast<std::size_t>(2 * half));
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), out.data(), half);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), out.data() + half, half);
  ECDSA_SIG_free(pair);
  return out;
}

Bytes NotaryAuthority::Jws(const NotaryPlan& plan) const {
  const bool by_authority = plan.scheme == "notary.x509.signingAuthority";
  std::string crit = R"("io.cncf.notary.signingScheme")";
  std::string times;
  if (!plan.signing_time.empty()) {
    times = std::string(",\"io.cncf.notary.") + (by_authority ? "authenticSigningTime" : "signingTime") + "\":\"" +
            plan.signing_time + "\"";
    if (by_authority) crit += R"(,"io.cncf.notary.authenticSigningTime")";
  }
  if (!plan.expiry.empty()) {
    times += R"(,"io.cncf.notary.expiry":")" + plan.expiry + "\"";
    crit += R"(,"io.cncf.notary.expiry")";
  }
  std::string header = R"({"alg":")" + (plan.algorithm.empty() ? AlgorithmName() : plan.algorithm) + R"(","crit":[)" +
                       crit +
                       R"(],"cty":"application/vnd.cncf.notary.payload.v1+json","io.cncf.notary.signingScheme":")" +
                       plan.scheme + "\"" + times + "}";
  if (plan.protected_json) plan.protected_json(header);
  const std::string payload = Base64Url(AsBytes(plan.payload.empty() ? Payload(kDigest) : plan.payload));
  const std::string protected_text = Base64Url(AsBytes(header));
  const Bytes signature = Signature(protected_text + "." + payload, plan);
  std::string unprotected = R"({"x5c":[)";
  const std::vector<Bytes> chain = plan.chain.value_or(Chain());
  for (std::size_t i = 0; i < chain.size(); ++i) unprotected += (i == 0 ? "\"" : ",\"") + Base64Encode(chain[i]) + "\"";
  unprotected += "]";
  if (plan.timestamp) {
    unprotected += R"(,"io.cncf.notary.timestampSignature":")" + Base64Encode(plan.timestamp(signature)) + "\"";
  }
  unprotected += R"(,"io.cncf.notary.signingAgent":"fake/1.0"})";
  if (plan.header_json) plan.header_json(unprotected);
  std::string out = R"({"payload":")" + payload + R"(","protected":")" + protected_text + R"(","header":)" +
                    unprotected + R"(,"signature":")" + Base64Url(signature) + R"("})";
  if (plan.result) plan.result(out);
  return FromText(out);
}

Bytes NotaryAuthority::Cose(const NotaryPlan& plan) const {
  const bool by_authority = plan.scheme == "notary.x509.signingAuthority";
  const std::string algorithm = plan.algorithm.empty() ? AlgorithmName() : plan.algorithm;
  const std::vector<std::pair<std::string, int>> numbers = {{"PS256", -37}, {"PS384", -38}, {"PS512", -39},
                                                            {"ES256", -7},  {"ES384", -35}, {"ES512", -36}};
  int number = 0;
  for (const auto& [name, value] : numbers) number = name == algorithm ? value : number;
  std::vector<Bytes> crit = {CborText("io.cncf.notary.signingScheme")};
  CborPairs pairs = {{CborInteger(1), CborInteger(number)},
                     {CborInteger(2), {}},
                     {CborInteger(3), CborText("application/vnd.cncf.notary.payload.v1+json")},
                     {CborText("io.cncf.notary.signingScheme"), CborText(plan.scheme)}};
  if (!plan.signing_time.empty()) {
    const std::string name = std::string("io.cncf.notary.") + (by_authority ? "authenticSigningTime" : "signingTime");
    pairs.emplace_back(CborText(name), CborTime(*ParseTime(plan.signing_time)));
    if (by_authority) crit.push_back(CborText(name));
  }
  if (!plan.expiry.empty()) {
    pairs.emplace_back(CborText("io.cncf.notary.expiry"), CborTime(*ParseTime(plan.expiry)));
    crit.push_back(CborText("io.cncf.notary.expiry"));
  }
  pairs[1].second = CborArray(crit);
  if (plan.protected_pairs) plan.protected_pairs(pairs);
  Bytes header = CborMap(pairs);
  if (plan.protected_bytes) plan.protected_bytes(header);
  const Bytes payload = FromText(plan.payload.empty() ? Payload(kDigest) : plan.payload);
  const Bytes message = CborArray({CborText("Signature1"), CborBytes(header), CborBytes({}), CborBytes(payload)});
  const Bytes signature = Signature(ToString(message), plan);
  std::vector<Bytes> chain;
  for (const Bytes& one : plan.chain.value_or(Chain())) chain.push_back(CborBytes(one));
  CborPairs unprotected = {{CborInteger(33), CborArray(chain)},
                           {CborText("io.cncf.notary.signingAgent"), CborText("fake/1.0")}};
  if (plan.timestamp) {
    unprotected.emplace_back(CborText("io.cncf.notary.timestampSignature"), CborBytes(plan.timestamp(signature)));
  }
  if (plan.unprotected_pairs) plan.unprotected_pairs(unprotected);
  std::vector<Bytes> parts = {CborBytes(header), CborMap(unprotected), CborBytes(payload), CborBytes(signature)};
  if (plan.parts) plan.parts(parts);
  Bytes out = CborHead(6, 18);
  Append(out, CborArray(parts));
  return out;
}

Bytes NotaryAuthority::Token(const Bytes& bytes, TokenPlan plan) const {
  if (plan.time == WallTime{}) plan.time = Now();
  const Bytes info = InfoDer(plan, bytes);
  std::vector<Bytes> attributes;
  if (!plan.content_type_said.empty())
    attributes.push_back(Attribute("1.2.840.113549.1.9.3", DerOid(plan.content_type_said)));
  attributes.push_back(Attribute("1.2.840.113549.1.9.4", Der(0x04, {HashBytes(plan.digest, info)})));
  if (!plan.ess_hash.empty()) attributes.push_back(EssAttribute(plan, plan.ess_of_another ? leaf_.der : tsa_.der));
  if (plan.signing_time)
    attributes.push_back(Attribute("1.2.840.113549.1.9.5", Der(0x17, {FromText(*plan.signing_time)})));
  std::sort(attributes.begin(), attributes.end());
  std::string message = ToString(Der(0x31, attributes));
  if (plan.broken) message.back() = static_cast<char>(message.back() ^ 1);
  const Bytes signature = tsa_key_.Sign(message, plan.digest);
  const bool rsa = EVP_PKEY_is_a(tsa_key_.native(), "RSA") == 1;
  const Bytes signer =
      Der(0x30, {DerNumber(plan.signer_version), NameOfCertificate(tsa_.der, false), AlgorithmDer(HashOid(plan.digest)),
                 Der(0xa0, attributes), AlgorithmDer(rsa ? RsaOid(plan.digest) : EcdsaOid(plan.digest)),
                 Der(0x04, {signature})});
  std::vector<Bytes> certificates = plan.before;
  if (plan.with_signer) certificates.push_back(tsa_.der);
  if (plan.with_intermediate) certificates.push_back(tsa_ca_.der);
  const Bytes content = Der(0x30, {DerOid(plan.content_type), Der(0xa0, {Der(0x04, {info})})});
  const Bytes data = Der(
      0x30, {DerNumber(plan.data_version), Der(0x31, {AlgorithmDer(HashOid(plan.digest))}), content,
             Der(0xa0, certificates), Der(0x31, std::vector<Bytes>(static_cast<std::size_t>(plan.signers), signer))});
  Bytes out = Der(0x30, {DerOid("1.2.840.113549.1.7.2"), Der(0xa0, {data})});
  if (plan.indefinite) {
    const std::size_t header = out[1] == 0x82 ? 4 : 3;
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(header));
    out.insert(out.begin(), {0x30, 0x80});
    Append(out, {0, 0});
  }
  Append(out, plan.behind);
  return out;
}

std::function<Bytes(const Bytes&)> NotaryAuthority::Stamps(TokenPlan plan) const {
  return [this, plan](const Bytes& signature) { return Token(signature, plan); };
}

}  // namespace pullseal::fakes
