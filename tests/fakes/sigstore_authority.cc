// SPDX-License-Identifier: Apache-2.0
#include "fakes/sigstore_authority.h"

#include <utility>

#include "core/crypto/hash.h"

namespace pullseal::fakes {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

std::string B64(const std::string& text) { return Base64Encode(AsBytes(text)); }

CertificatePlan AuthorityCertificate(const std::string& name, int path_length) {
  CertificatePlan out;
  out.common_name = name;
  out.from = SigstoreAuthority::Start() - hours(24 * 365);
  out.to = SigstoreAuthority::Start() + hours(24 * 365 * 9);
  out.is_authority = true;
  out.path_length = path_length;
  out.key_usage = "critical,keyCertSign,cRLSign";
  return out;
}

CertificatePlan Changed(CertificatePlan plan, const AuthorityPlan::Change& change) {
  if (change) change(plan);
  return plan;
}

std::string Window(const std::string& end) {
  return R"("validFor":{"start":"2025-01-01T00:00:00Z")" + (end.empty() ? "" : R"(,"end":")" + end + "\"") + "}";
}

std::string Chain(const std::vector<Bytes>& certificates) {
  std::string out;
  for (const Bytes& one : certificates)
    out += (out.empty() ? "" : ",") + (R"({"rawBytes":")" + Base64Encode(one) + "\"}");
  return R"({"certificates":[)" + out + "]}";
}

crypto::Hash HashFor(const std::string& curve) {
  return curve == "P-384" ? crypto::Hash::kSha384 : curve == "P-521" ? crypto::Hash::kSha512 : crypto::Hash::kSha256;
}

const char* HashName(crypto::Hash hash) {
  return hash == crypto::Hash::kSha384 ? "SHA384" : hash == crypto::Hash::kSha512 ? "SHA512" : "SHA256";
}

std::string Sha256Member(ByteView bytes) {
  return R"({"algorithm":"sha256","value":")" + HexEncode(crypto::Digest(crypto::Hash::kSha256, bytes)) + "\"}";
}

}  // namespace

std::string SigstoreSignature::Bundle(const std::string& version) const {
  const std::string media_type = version == "0.3" ? "application/vnd.dev.sigstore.bundle.v0.3+json"
                                                  : "application/vnd.dev.sigstore.bundle+json;version=" + version;
  std::string material;
  if (certificate.empty()) {
    material = R"("publicKey":{"hint":"any"})";
  } else if (version == "0.3") {
    material = R"("certificate":{"rawBytes":")" + Base64Encode(certificate) + "\"}";
  } else {
    std::vector<Bytes> all = {certificate};
    all.insert(all.end(), chain.begin(), chain.end());
    material = R"("x509CertificateChain":)" + Chain(all);
  }
  std::string list;
  for (const Entry& entry : entries) list += (list.empty() ? "" : ",") + entry.ToJson();
  material += R"(,"tlogEntries":[)" + list + "]";
  if (!timestamps.empty()) {
    std::string stamps;
    for (const Bytes& one : timestamps) {
      stamps += (stamps.empty() ? "" : ",") + (R"({"signedTimestamp":")" + Base64Encode(one) + "\"}");
    }
    material += R"(,"timestampVerificationData":{"rfc3161Timestamps":[)" + stamps + "]}";
  }
  const std::string content =
      is_envelope ? R"("dsseEnvelope":{"payload":")" + B64(payload) + R"(","payloadType":")" + payload_type +
                        R"(","signatures":[{"sig":")" + Base64Encode(signature) + R"(","keyid":""}]})"
                  : R"("messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":")" +
                        Base64Encode(message_digest) + R"("},"signature":")" + Base64Encode(signature) + "\"}";
  return R"({"mediaType":")" + media_type + R"(","verificationMaterial":{)" + material + "}," + content + "}";
}

std::map<std::string, std::string> SigstoreSignature::Annotations() const {
  std::map<std::string, std::string> out;
  out["dev.cosignproject.cosign/signature"] = is_envelope ? "" : Base64Encode(signature);
  if (!certificate.empty()) {
    out["dev.sigstore.cosign/certificate"] = ToPem(certificate);
    std::string above;
    for (const Bytes& one : chain) above += ToPem(one);
    out["dev.sigstore.cosign/chain"] = above;
  }
  if (!entries.empty()) out["dev.sigstore.cosign/bundle"] = entries[0].ToLegacyAnnotation();
  if (!timestamps.empty()) {
    out["dev.sigstore.cosign/rfc3161timestamp"] =
        R"({"SignedRFC3161Timestamp":")" + Base64Encode(timestamps[0]) + "\"}";
  }
  return out;
}

SigstoreAuthority::SigstoreAuthority(AuthorityPlan plan)
    : plan_(std::move(plan)),
      root_key_(plan_.curve),
      intermediate_key_(plan_.curve),
      stamper_root_key_(plan_.curve),
      stamper_key_("P-256"),
      certificate_log_("P-256"),
      log_(1, "rekor.test", plan_.log_curve),
      log2_(2, "log2026.rekor.test", plan_.log2_curve) {
  root_ = Mint(Changed(AuthorityCertificate("test root", 1), plan_.root), root_key_, std::nullopt);
  CertificatePlan intermediate = AuthorityCertificate("test intermediate", 0);
  intermediate.extended_key_usage = "codeSigning";
  intermediate_ = Mint(Changed(intermediate, plan_.intermediate), intermediate_key_, root_);
  stamper_root_ = Mint(AuthorityCertificate("test tsa root", 0), stamper_root_key_, std::nullopt);
  CertificatePlan stamper = AuthorityCertificate("test tsa", -1);
  stamper.is_authority = false;
  stamper.key_usage = "critical,digitalSignature";
  stamper.extended_key_usage = "critical,timeStamping";
  stamper_ = Mint(Changed(stamper, plan_.stamper), stamper_key_, stamper_root_);
}

std::string SigstoreAuthority::TrustedRoot() const {
  const std::string start = "2025-01-01T00:00:00Z";
  const Bytes ct_id = crypto::Digest(crypto::Hash::kSha256, certificate_log_.PublicDer());
  return R"({"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[)" +
         log_.TrustedRootPart(start, plan_.log_end) + "," + log2_.TrustedRootPart(start, plan_.log2_end) +
         R"(],"certificateAuthorities":[{"subject":{"organization":"test","commonName":"test"},"uri":"https://fulcio.test","certChain":)" +
         Chain({intermediate_.der, root_.der}) + "," + Window(plan_.ca_end) +
         R"(}],"ctlogs":[{"baseUrl":"https://ct.test","hashAlgorithm":"SHA2_256","publicKey":{"rawBytes":")" +
         Base64Encode(certificate_log_.PublicDer()) + R"(","keyDetails":"PKIX_ECDSA_P256_SHA_256",)" +
         Window(plan_.ct_end) + R"(},"logId":{"keyId":")" + Base64Encode(ct_id) +
         R"("}}],"timestampAuthorities":[{"subject":{"organization":"test","commonName":"test"},"uri":"https://tsa.test","certChain":)" +
         Chain({stamper_.der, stamper_root_.der}) + "," + Window(plan_.tsa_end) + "}]}";
}

Minted SigstoreAuthority::Certify(const TestAuthority& key, const SignPlan& plan) const {
  CertificatePlan leaf;
  leaf.from = Start();
  leaf.to = Start() + minutes(10);
  leaf.extended_key_usage = "codeSigning";
  leaf.alternative_names =
      "critical," + std::string(plan.subject.find("://") == std::string::npos ? "email:" : "URI:") + plan.subject;
  leaf.extensions.push_back({"1.3.6.1.4.1.57264.1.1", Bytes(plan.issuer.begin(), plan.issuer.end())});
  leaf.extensions.push_back({"1.3.6.1.4.1.57264.1.8", Utf8String(plan.issuer)});
  leaf.extensions.push_back({"1.3.6.1.4.1.57264.1.12", Utf8String("https://github.com/acme/app")});
  if (plan.leaf) plan.leaf(leaf);
  std::vector<CertificateLog> logs(1);
  logs[0].key = &certificate_log_;
  logs[0].time = Start();
  if (plan.certificate_logs) plan.certificate_logs(logs);
  const Minted& issuer = plan.issued_by != nullptr ? *plan.issued_by : intermediate_;
  return logs.empty() ? Mint(leaf, key, issuer) : MintLogged(leaf, key, issuer, logs);
}

std::string SigstoreAuthority::Body(const SigstoreSignature& signature, const std::string& signed_bytes,
                                    const SignPlan& plan, std::string& kind, std::string& version) const {
  const bool by_key = signature.certificate.empty();
  const std::string pem = by_key ? plan.key->PublicPem() : ToPem(signature.certificate);
  const std::string sig = Base64Encode(signature.signature);
  const std::string curve = by_key ? "P-256" : plan.leaf_curve;
  version = "0.0.1";
  if (plan.log == SignPlan::Log::kV2) {
    kind = "hashedrekord";
    version = "0.0.2";
    const crypto::Hash hash = HashFor(curve);
    const std::string bits = curve.substr(2);
    const std::string verifier =
        by_key ? R"("publicKey":{"rawBytes":")" + Base64Encode(plan.key->PublicDer()) + "\"}"
               : R"("x509Certificate":{"rawBytes":")" + Base64Encode(signature.certificate) + "\"}";
    const std::string sha = std::string(HashName(hash)).substr(3);
    return R"({"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_)" +
           sha + R"(","digest":")" + Base64Encode(crypto::Digest(hash, AsBytes(signed_bytes))) +
           R"("},"signature":{"content":")" + sig + R"(","verifier":{"keyDetails":"PKIX_ECDSA_P)" + bits + "_SHA_" +
           sha + R"(",)" + verifier + "}}}}}";
  }
  if (!signature.is_envelope) {
    kind = "hashedrekord";
    return R"({"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":)" +
           Sha256Member(AsBytes(signed_bytes)) + R"(},"signature":{"content":")" + sig +
           R"(","publicKey":{"content":")" + B64(pem) + "\"}}}}";
  }
  kind = plan.entry_kind;
  const std::string payload_hash = Sha256Member(AsBytes(signature.payload));
  if (kind == "intoto") {
    version = "0.0.2";
    return R"({"apiVersion":"0.0.2","kind":"intoto","spec":{"content":{"envelope":{"payloadType":")" +
           signature.payload_type + R"(","signatures":[{"publicKey":")" + B64(pem) + R"(","sig":")" + B64(sig) +
           R"("}]},"hash":)" + payload_hash + R"(,"payloadHash":)" + payload_hash + "}}}";
  }
  return R"({"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":)" + payload_hash + R"(,"payloadHash":)" +
         payload_hash + R"(,"signatures":[{"signature":")" + sig + R"(","verifier":")" + B64(pem) + "\"}]}}";
}

SigstoreSignature SigstoreAuthority::Sign(SigstoreSignature out, const std::string& signed_bytes,
                                          const SignPlan& plan) const {
  std::optional<TestAuthority> fresh;
  const TestAuthority* signer = plan.key != nullptr ? plan.key : plan.leaf_key;
  if (signer == nullptr) signer = &fresh.emplace(plan.leaf_curve);
  const TestAuthority& key = *signer;
  if (plan.key == nullptr) {
    out.certificate = plan.certificate.empty() ? Certify(key, plan).der : plan.certificate;
    out.chain = {intermediate_.der};
  }
  out.signature = key.Sign(signed_bytes, HashName(HashFor(plan.key != nullptr ? "P-256" : plan.leaf_curve)));
  if (plan.before_logging) plan.before_logging(out);
  if (plan.log != SignPlan::Log::kNone) {
    std::string kind;
    std::string version;
    std::string body = Body(out, signed_bytes, plan, kind, version);
    if (plan.body) plan.body(body);
    const TransparencyLog& log = plan.log == SignPlan::Log::kV2 ? log2_ : log_;
    Entry entry = log.Add(body, kind, version, Start() + plan.logged_after);
    if (plan.log == SignPlan::Log::kPromise) entry.has_proof = false;
    if (plan.log == SignPlan::Log::kProof) entry.promise.clear();
    if (plan.entry) plan.entry(entry);
    out.entries.push_back(std::move(entry));
  }
  if (plan.stamped) {
    StampPlan stamp;
    stamp.time = Start() + plan.stamped_after;
    if (plan.stamp) plan.stamp(stamp);
    const ByteView bytes = plan.stamped_bytes.empty() ? ByteView(out.signature) : AsBytes(plan.stamped_bytes);
    out.timestamps.push_back(Stamp(stamp, stamper_, bytes));
  }
  if (plan.result) plan.result(out);
  return out;
}

SigstoreSignature SigstoreAuthority::SignEnvelope(const std::string& payload, const SignPlan& plan) const {
  SigstoreSignature out;
  out.payload = payload;
  return Sign(std::move(out), EnvelopeBytes(payload), plan);
}

SigstoreSignature SigstoreAuthority::SignMessage(const std::string& message, const SignPlan& plan) const {
  SigstoreSignature out;
  out.is_envelope = false;
  out.message_digest = crypto::Digest(crypto::Hash::kSha256, AsBytes(message));
  return Sign(std::move(out), message, plan);
}

}  // namespace pullseal::fakes
