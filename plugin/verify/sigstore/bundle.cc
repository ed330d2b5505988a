// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/bundle.h"

#include <utility>

#include "core/crypto/limits.h"
#include "image/oci/cosign.h"
#include "image/oci/limits.h"
#include "verify/signature/json_object.h"
#include "verify/sigstore/limits.h"

namespace pullseal::sigstore {
namespace {

using Version = Bundle::Version;

// Reads one member into `out`, or gives its error.
template <typename T>
Status Take(Result<T> from, T& out) {
  if (!from) return from.error();
  out = std::move(*from);
  return {};
}

std::optional<Version> VersionOf(std::string_view media_type) {
  const std::string prefix(oci::kBundleMediaTypePrefix);
  if (media_type == prefix + "+json;version=0.1" || media_type == prefix + ".v0.1+json") return Version::kV01;
  if (media_type == prefix + "+json;version=0.2" || media_type == prefix + ".v0.2+json") return Version::kV02;
  if (media_type == prefix + "+json;version=0.3" || media_type == prefix + ".v0.3+json") return Version::kV03;
  return std::nullopt;
}

Result<InclusionProof> ParseProof(const json::Value& value) {
  auto object =
      signature::JsonObject::Of(value, "inclusion proof", {"logIndex", "rootHash", "treeSize", "hashes", "checkpoint"});
  if (!object) return object.error();
  InclusionProof out;
  if (auto s = Take(object->NumberAt("logIndex"), out.log_index); !s) return s.error();
  if (auto s = Take(object->NumberAt("treeSize"), out.tree_size); !s) return s.error();
  if (auto s = Take(object->BytesAt("rootHash"), out.root_hash); !s) return s.error();
  auto hashes = object->ListAt("hashes", limits::kProofHashes);
  if (!hashes) return hashes.error();
  for (const json::Value* hash : *hashes) {
    auto bytes = hash->string() != nullptr ? Base64Decode(*hash->string())
                                           : Result<Bytes>(Error{ErrorCode::kInvalid, "not text"});
    if (!bytes) return object->Broken("a hash is not standard base64");
    out.hashes.push_back(std::move(*bytes));
  }
  const json::Value* checkpoint = object->Find("checkpoint");
  if (checkpoint == nullptr) return object->Broken("has no checkpoint");
  auto inner = signature::JsonObject::Of(*checkpoint, "checkpoint", {"envelope"});
  if (!inner) return inner.error();
  if (auto s = Take(inner->TextAt("envelope"), out.checkpoint); !s) return s.error();
  if (out.checkpoint.empty()) return inner->Broken("is empty");
  return out;
}

Status ParseTextMember(const signature::JsonObject& object, std::string_view name, std::string_view inner, Bytes& out) {
  const json::Value* found = object.Find(name);
  if (found == nullptr) return {};
  auto member = signature::JsonObject::Of(*found, std::string(name), {inner});
  if (!member) return member.error();
  return Take(member->BytesAt(inner), out);
}

Status CheckEntry(const LogEntry& entry, Version version) {
  // Required, or needed to verify it without asking the log.
  if (entry.log_id.empty() || entry.kind.empty() || entry.version.empty() || entry.body.empty()) {
    return Error{ErrorCode::kInvalid, "bundle: a log entry lacks its log, its kind and version, or its body"};
  }
  if (version == Version::kV01 && entry.signed_entry_timestamp.empty()) {
    return Error{ErrorCode::kInvalid, "bundle: a log entry of version 0.1 has no inclusion promise"};
  }
  if (version != Version::kV01 && !entry.proof) {
    return Error{ErrorCode::kInvalid, "bundle: a log entry has no inclusion proof"};
  }
  return {};
}

Status ParseCertificates(const signature::JsonObject& material, Version version, Bundle::Certificates& out) {
  std::vector<const json::Value*> list;
  if (const json::Value* one = material.Find("certificate"); one != nullptr) {
    list.push_back(one);
  } else {
    if (version == Version::kV03) return material.Broken("a bundle of version 0.3 may not have a certificate chain");
    auto chain =
        signature::JsonObject::Of(*material.Find("x509CertificateChain"), "certificate chain", {"certificates"});
    if (!chain) return chain.error();
    if (auto s = Take(chain->ListAt("certificates", limits::kCertificates), list); !s) return s;
    if (list.empty()) return chain->Broken("is empty");
  }
  for (const json::Value* one : list) {
    auto certificate = signature::JsonObject::Of(*one, "certificate", {"rawBytes"});
    if (!certificate) return certificate.error();
    auto der = certificate->BytesAt("rawBytes");
    if (!der) return der.error();
    if (der->empty()) return certificate->Broken("is empty");
    out.der.push_back(std::move(*der));
  }
  return {};
}

Status ParseMaterial(const json::Value& value, Bundle& out) {
  auto object = signature::JsonObject::Of(
      value, "verification material",
      {"publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData"});
  if (!object) return object.error();
  const int kinds = object->Has("publicKey") + object->Has("x509CertificateChain") + object->Has("certificate");
  if (kinds != 1) return object->Broken("needs exactly one of publicKey, certificate and x509CertificateChain");
  if (const json::Value* key = object->Find("publicKey"); key != nullptr) {
    auto hint = signature::JsonObject::Of(*key, "publicKey", {"hint"});
    if (!hint) return hint.error();
    Bundle::PublicKeyHint named;
    if (auto s = Take(hint->TextAt("hint"), named.hint); !s) return s;
    out.material = std::move(named);
  } else {
    Bundle::Certificates certificates;
    if (auto s = ParseCertificates(*object, out.version, certificates); !s) return s;
    out.material = std::move(certificates);
  }
  auto entries = object->ListAt("tlogEntries", limits::kLogEntries);
  if (!entries) return entries.error();
  for (const json::Value* one : *entries) {
    auto entry = LogEntry::Parse(*one);
    if (!entry) return entry.error();
    if (auto s = CheckEntry(*entry, out.version); !s) return s;
    out.log_entries.push_back(std::move(*entry));
  }
  const json::Value* times = object->Find("timestampVerificationData");
  if (times == nullptr) return {};
  auto data = signature::JsonObject::Of(*times, "timestamps", {"rfc3161Timestamps"});
  if (!data) return data.error();
  auto list = data->ListAt("rfc3161Timestamps", limits::kTimestamps);
  if (!list) return list.error();
  for (const json::Value* one : *list) {
    auto timestamp = signature::JsonObject::Of(*one, "timestamp", {"signedTimestamp"});
    if (!timestamp) return timestamp.error();
    auto der = timestamp->BytesAt("signedTimestamp");
    if (!der) return der.error();
    if (der->empty()) return timestamp->Broken("is empty");
    out.timestamps.push_back(std::move(*der));
  }
  return {};
}

Result<Bundle::MessageSignature> ParseMessageSignature(const json::Value& value) {
  auto object = signature::JsonObject::Of(value, "message signature", {"messageDigest", "signature"});
  if (!object) return object.error();
  Bundle::MessageSignature out;
  if (auto s = Take(object->BytesAt("signature"), out.signature); !s) return s.error();
  if (out.signature.empty()) return object->Broken("is empty");
  const json::Value* digest = object->Find("messageDigest");
  if (digest == nullptr) return out;
  auto inner = signature::JsonObject::Of(*digest, "message digest", {"algorithm", "digest"});
  if (!inner) return inner.error();
  if (auto s = Take(inner->TextAt("algorithm"), out.digest_algorithm); !s) return s.error();
  if (auto s = Take(inner->BytesAt("digest"), out.digest); !s) return s.error();
  return out;
}

}  // namespace

Result<LogEntry> LogEntry::Parse(const json::Value& value) {
  auto object = signature::JsonObject::Of(value, "log entry",
                                          {"logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise",
                                           "inclusionProof", "canonicalizedBody"});
  if (!object) return object.error();
  LogEntry out;
  if (auto s = Take(object->NumberAt("logIndex"), out.log_index); !s) return s.error();
  if (auto s = Take(object->NumberAt("integratedTime"), out.integrated_time); !s) return s.error();
  if (auto s = Take(object->BytesAt("canonicalizedBody"), out.body); !s) return s.error();
  if (auto s = ParseTextMember(*object, "logId", "keyId", out.log_id); !s) return s.error();
  if (auto s = ParseTextMember(*object, "inclusionPromise", "signedEntryTimestamp", out.signed_entry_timestamp); !s)
    return s.error();
  if (const json::Value* kind = object->Find("kindVersion"); kind != nullptr) {
    auto inner = signature::JsonObject::Of(*kind, "kindVersion", {"kind", "version"});
    if (!inner) return inner.error();
    if (auto s = Take(inner->TextAt("kind"), out.kind); !s) return s.error();
    if (auto s = Take(inner->TextAt("version"), out.version); !s) return s.error();
  }
  if (const json::Value* proof = object->Find("inclusionProof"); proof != nullptr) {
    auto parsed = ParseProof(*proof);
    if (!parsed) return parsed.error();
    out.proof = std::move(*parsed);
  }
  return out;
}

Result<Bundle> Bundle::Parse(ByteView bytes) {
  if (bytes.size() > limits::kBundleBytes) return Error{ErrorCode::kLimit, "bundle is too large"};
  auto parsed = json::Parse(AsText(bytes));
  if (!parsed) return parsed.error().In("bundle");
  auto object = signature::JsonObject::Of(*parsed, "bundle",
                                          {"mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"});
  if (!object) return object.error();
  auto media_type = object->TextAt("mediaType");
  if (!media_type) return media_type.error();
  const auto version = VersionOf(*media_type);
  if (!version) return object->Broken("mediaType \"" + Printable(*media_type, 100) + "\" is not a known version");
  Bundle out;
  out.version = *version;
  const json::Value* material = object->Find("verificationMaterial");
  if (material == nullptr) return object->Broken("has no verificationMaterial");
  if (auto s = ParseMaterial(*material, out); !s) return s.error();
  const json::Value* message = object->Find("messageSignature");
  const json::Value* envelope = object->Find("dsseEnvelope");
  if ((message == nullptr) == (envelope == nullptr)) {
    return object->Broken("needs exactly one of messageSignature and dsseEnvelope");
  }
  if (envelope != nullptr) {
    auto dsse = signature::DsseEnvelope::Parse(*envelope);
    if (!dsse) return dsse.error();
    out.content = std::move(*dsse);
  } else {
    auto signature = ParseMessageSignature(*message);
    if (!signature) return signature.error();
    out.content = std::move(*signature);
  }
  return out;
}

}  // namespace pullseal::sigstore
