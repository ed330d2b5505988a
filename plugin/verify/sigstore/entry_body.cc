// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/entry_body.h"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>
#include <utility>

#include "core/crypto/pem.h"
#include "verify/sigstore/limits.h"

namespace pullseal::sigstore {
namespace {

using crypto::Hash;
using Kind = EntryBody::Kind;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "log entry: " + std::move(message)}; }
Error Differs(const char* what) {
  return Error{ErrorCode::kMismatch, std::string("log entry: is about another ") + what};
}

std::optional<Kind> KindOf(std::string_view kind, std::string_view version) {
  if (kind == "hashedrekord" && version == "0.0.1") return Kind::kHashedRekord;
  if (kind == "hashedrekord" && version == "0.0.2") return Kind::kHashedRekordV2;
  if (kind == "dsse" && version == "0.0.1") return Kind::kDsse;
  if (kind == "intoto" && version == "0.0.1") return Kind::kInToto1;
  if (kind == "intoto" && version == "0.0.2") return Kind::kInToto2;
  return std::nullopt;
}

// The value at the end of `path`; null if any step is absent.
const json::Value* At(const json::Value& from, std::initializer_list<std::string_view> path) {
  const json::Value* at = &from;
  for (const std::string_view name : path) {
    if (at == nullptr || at->object() == nullptr) return nullptr;
    at = at->Find(name);
  }
  return at;
}

Result<std::string> TextAt(const json::Value& from, std::initializer_list<std::string_view> path) {
  const json::Value* found = At(from, path);
  if (found == nullptr || found->string() == nullptr || found->string()->empty()) {
    return Invalid(std::string(*(path.end() - 1)) + " is absent or no text");
  }
  return *found->string();
}

Result<Bytes> Base64At(const json::Value& from, std::initializer_list<std::string_view> path) {
  const auto text = TextAt(from, path);
  if (!text) return text.error();
  auto bytes = Base64Decode(*text);
  if (!bytes) return Invalid(std::string(*(path.end() - 1)) + " is not standard base64");
  return bytes;
}

// Compares a hash written as {"algorithm": "sha256", "value": HEX}.
Status CompareHash(const json::Value& spec, std::initializer_list<std::string_view> path, const char* what,
                   const std::function<Result<Bytes>(Hash)>& ours) {
  const json::Value* hash = At(spec, path);
  if (hash == nullptr) return Invalid(std::string(*(path.end() - 1)) + " is absent");
  const auto algorithm = TextAt(*hash, {"algorithm"});
  if (!algorithm) return algorithm.error();
  const auto value = TextAt(*hash, {"value"});
  if (!value) return value.error();
  const auto known = crypto::HashNamed(*algorithm);
  if (!known) return Invalid("uses a hash that is not accepted");
  const auto expected = ours(*known);
  if (!expected) return expected.error();
  if (HexEncode(*expected) != *value) return Differs(what);
  return {};
}

Status CompareSignature(const Result<Bytes>& recorded, const SignedMaterial& material) {
  if (!recorded) return recorded.error();
  if (*recorded != material.signature) return Differs("signature");
  return {};
}

// Compares the DER of a certificate, or of a key where the signer has none, with ours.
Status CompareVerifier(bool is_certificate, ByteView der, const SignedMaterial& material,
                       const crypto::PublicKey& key) {
  if (is_certificate != material.certificate.has_value()) return Differs("kind of signer");
  const Bytes& ours = is_certificate ? material.certificate->Der() : key.Der();
  if (!std::equal(der.begin(), der.end(), ours.begin(), ours.end())) return Differs("signer");
  return {};
}

// The same for base64 of PEM.
Status CompareVerifierPem(const Result<Bytes>& recorded, const SignedMaterial& material, const crypto::PublicKey& key) {
  if (!recorded) return recorded.error();
  const auto blocks = crypto::ReadPem(AsText(*recorded), 1);
  if (!blocks || blocks->size() != 1) return Invalid("its signer is not one PEM block");
  const crypto::PemBlock& block = blocks->front();
  if (block.label != "CERTIFICATE" && block.label != "PUBLIC KEY") return Invalid("its signer is of an unknown type");
  return CompareVerifier(block.label == "CERTIFICATE", block.der, material, key);
}

// The only element of a list.
Result<const json::Value*> OnlyAt(const json::Value& spec, std::initializer_list<std::string_view> path) {
  const json::Value* list = At(spec, path);
  if (list == nullptr || list->array() == nullptr || list->array()->size() != 1) {
    return Invalid("does not have exactly one signature");
  }
  return &list->array()->front();
}

Status CheckHashedRekord(const json::Value& spec, const SignedMaterial& material, const crypto::PublicKey& key) {
  const auto digest = [&](Hash hash) { return material.MessageDigest(hash); };
  if (auto s = CompareHash(spec, {"data", "hash"}, "digest", digest); !s) return s;
  if (auto s = CompareSignature(Base64At(spec, {"signature", "content"}), material); !s) return s;
  return CompareVerifierPem(Base64At(spec, {"signature", "publicKey", "content"}), material, key);
}

Status CheckHashedRekordV2(const json::Value& spec, const SignedMaterial& material, const crypto::PublicKey& key) {
  const json::Value* entry = At(spec, {"hashedRekordV002"});
  if (entry == nullptr) return Invalid("hashedRekordV002 is absent");
  const auto algorithm = TextAt(*entry, {"data", "algorithm"});
  if (!algorithm) return algorithm.error();
  const auto recorded = Base64At(*entry, {"data", "digest"});
  if (!recorded) return recorded.error();
  const auto hash = crypto::HashNamed(*algorithm);
  if (!hash) return Invalid("uses a hash that is not accepted");
  const auto digest = material.MessageDigest(*hash);
  if (!digest) return digest.error();
  if (*digest != *recorded) return Differs("digest");
  if (auto s = CompareSignature(Base64At(*entry, {"signature", "content"}), material); !s) return s;
  const json::Value* verifier = At(*entry, {"signature", "verifier"});
  if (verifier == nullptr) return Invalid("verifier is absent");
  const bool has_certificate = At(*verifier, {"x509Certificate"}) != nullptr;
  const bool has_key = At(*verifier, {"publicKey"}) != nullptr;
  if (has_certificate == has_key) return Invalid("does not have exactly one verifier");
  const auto der = Base64At(*verifier, {has_certificate ? "x509Certificate" : "publicKey", "rawBytes"});
  if (!der) return der.error();
  return CompareVerifier(has_certificate, *der, material, key);
}

// A digest of what an envelope holds, or of the layer that it is.
std::function<Result<Bytes>(Hash)> DigestOf(const Bytes* bytes) {
  return [bytes](Hash hash) -> Result<Bytes> {
    if (bytes == nullptr) return Differs("kind of content");
    return crypto::Digest(hash, *bytes);
  };
}

Status CheckDsse(const json::Value& spec, const SignedMaterial& material, const crypto::PublicKey& key) {
  const auto digest = DigestOf(material.payload());
  if (auto s = CompareHash(spec, {"payloadHash"}, "payload", digest); !s) return s;
  const auto only = OnlyAt(spec, {"signatures"});
  if (!only) return only.error();
  if (auto s = CompareSignature(Base64At(**only, {"signature"}), material); !s) return s;
  return CompareVerifierPem(Base64At(**only, {"verifier"}), material, key);
}

Status CheckInToto2(const json::Value& spec, const SignedMaterial& material, const crypto::PublicKey& key) {
  const auto digest = DigestOf(material.payload());
  if (auto s = CompareHash(spec, {"content", "payloadHash"}, "payload", digest); !s) return s;
  const auto only = OnlyAt(spec, {"content", "envelope", "signatures"});
  if (!only) return only.error();
  // The signature stands in base64 of its base64 text.
  const auto outer = Base64At(**only, {"sig"});
  if (!outer) return outer.error();
  const auto inner = Base64Decode(AsText(*outer));
  if (!inner) return Invalid("sig is not base64 of standard base64");
  if (auto s = CompareSignature(inner, material); !s) return s;
  return CompareVerifierPem(Base64At(**only, {"publicKey"}), material, key);
}

Status CheckInToto1(const json::Value& spec, const SignedMaterial& material, const crypto::PublicKey& key) {
  const auto digest = DigestOf(material.layer());
  if (auto s = CompareHash(spec, {"content", "hash"}, "envelope", digest); !s) return s;
  return CompareVerifierPem(Base64At(spec, {"publicKey"}), material, key);
}

}  // namespace

Result<EntryBody> EntryBody::Parse(ByteView body) {
  if (body.size() > limits::kEntryBodyBytes) return Error{ErrorCode::kLimit, "log entry: its body is too large"};
  auto parsed = json::Parse(AsText(body));
  if (!parsed) return parsed.error().In("log entry");
  const auto kind = TextAt(*parsed, {"kind"});
  if (!kind) return kind.error();
  const auto version = TextAt(*parsed, {"apiVersion"});
  if (!version) return version.error();
  const auto known = KindOf(*kind, *version);
  if (!known) return Invalid("its kind " + Printable(*kind + " " + *version, 64) + " is not known");
  const json::Value* spec = At(*parsed, {"spec"});
  if (spec == nullptr || spec->object() == nullptr) return Invalid("has no spec");
  return EntryBody{*known, *kind, *version, *spec};
}

Status EntryBody::IsAbout(const SignedMaterial& material, const crypto::PublicKey& key) const {
  const bool is_message = material.payload() == nullptr;
  const bool fits = kind == Kind::kHashedRekordV2 || (kind == Kind::kHashedRekord) == is_message;
  if (!fits) return Differs("kind of content");
  switch (kind) {
    case Kind::kHashedRekord:
      return CheckHashedRekord(spec, material, key);
    case Kind::kHashedRekordV2:
      return CheckHashedRekordV2(spec, material, key);
    case Kind::kDsse:
      return CheckDsse(spec, material, key);
    case Kind::kInToto1:
      return CheckInToto1(spec, material, key);
    case Kind::kInToto2:
      return CheckInToto2(spec, material, key);
  }
  return Invalid("its kind is not known");
}

}  // namespace pullseal::sigstore
