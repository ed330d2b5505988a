// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <array>
#include <optional>
#include <utility>

#include "core/crypto/limits.h"
#include "core/crypto/openssl.h"
#include "core/crypto/sha256.h"

namespace pullseal::crypto {
namespace {

using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----";
constexpr std::string_view kEnd = "-----END PUBLIC KEY-----";

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// The DER inside the only PEM block of `pem`.
Result<Bytes> PemBody(std::string_view pem) {
  const std::string_view text = Trim(pem);
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) {
    return Invalid("is a private key; give the public key (cosign.pub)");
  }
  if (text.find("BEGIN CERTIFICATE") != std::string_view::npos) {
    return Invalid("is a certificate; give a PUBLIC KEY block");
  }
  if (!text.starts_with(kBegin) || !text.ends_with(kEnd)) return Invalid("is not one PEM block of type PUBLIC KEY");
  const std::string_view body = text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size());
  if (body.find("-----") != std::string_view::npos) return Invalid("has more than one PEM block; give one key a file");
  std::string base64;
  for (const char c : body) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') base64.push_back(c);
  }
  auto der = Base64Decode(base64);
  if (!der) return Invalid("has a PEM body that is not base64");
  return der;
}

using Kind = PublicKey::Kind;

constexpr char kSupported[] = "; supported are ECDSA on P-256, P-384 and P-521, RSA of 2048 to 4096 bits, and Ed25519";

Result<Kind> KindOfCurve(EVP_PKEY* key) {
  char group[64] = {};
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(key, group, sizeof group, &length) != 1) {
    return Invalid(std::string("has a curve without a name") + kSupported);
  }
  const std::string_view name(group);
  if (name == "prime256v1") return Kind::kEcdsaP256;
  if (name == "secp384r1") return Kind::kEcdsaP384;
  if (name == "secp521r1") return Kind::kEcdsaP521;
  return Invalid("is on curve " + std::string(name) + kSupported);
}

Result<Kind> KindOf(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "EC")) return KindOfCurve(key);
  if (EVP_PKEY_is_a(key, "ED25519")) return Kind::kEd25519;
  if (EVP_PKEY_is_a(key, "RSA")) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits >= limits::kRsaBitsLeast && bits <= limits::kRsaBitsMost) return Kind::kRsa;
    return Invalid("is an RSA key of " + std::to_string(bits) + " bits" + kSupported);
  }
  const char* name = EVP_PKEY_get0_type_name(key);
  return Invalid(std::string("is of type ") + (name != nullptr ? name : "unknown") + kSupported);
}

// A key on `curve` that lacks its point: OpenSSL computes what a curve needs once, not for each key.
KeyPtr MakeTemplate(const char* curve) {
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  std::string group(curve);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
                             OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  const bool good = context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEY_PARAMETERS, parameters) == 1;
  return KeyPtr(good ? key : nullptr);
}

// Never destroyed: keys may be made until the very end.
template <int kNid>
const EVP_PKEY* Template() {
  static const EVP_PKEY* made = MakeTemplate(OBJ_nid2sn(kNid)).release();
  return made;
}

// The template of the named curve that `algorithm` names, if it is one that we accept.
const EVP_PKEY* TemplateOf(const X509_ALGOR* algorithm) {
  int type = 0;
  const void* value = nullptr;
  X509_ALGOR_get0(nullptr, &type, &value, algorithm);
  if (type != V_ASN1_OBJECT) return nullptr;
  switch (OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(value))) {
    case NID_X9_62_prime256v1:
      return Template<NID_X9_62_prime256v1>();
    case NID_secp384r1:
      return Template<NID_secp384r1>();
    case NID_secp521r1:
      return Template<NID_secp521r1>();
    default:
      return nullptr;
  }
}

KeyPtr EcKey(const EVP_PKEY* on_curve, const ASN1_BIT_STRING* point) {
  KeyPtr key(EVP_PKEY_dup(const_cast<EVP_PKEY*>(on_curve)));
  const bool good =
      key && point->length > 0 &&
      EVP_PKEY_set1_encoded_public_key(key.get(), point->data, static_cast<std::size_t>(point->length)) == 1;
  return good ? std::move(key) : nullptr;
}

// The key of `info`, whose DER is `der`. Those on the usual curves are made from their parts: the decoder that OpenSSL
// 3.0 sets up anew for each key takes longer than a verification.
KeyPtr KeyOf(const KeyInfoSyntax& info, ByteView der) {
  if (OBJ_obj2nid(info.algorithm->algorithm) == NID_X9_62_id_ecPublicKey) {
    if (const EVP_PKEY* on_curve = TemplateOf(info.algorithm); on_curve != nullptr) return EcKey(on_curve, info.key);
  }
  const unsigned char* position = der.data();
  return KeyPtr(d2i_PUBKEY(nullptr, &position, static_cast<long>(der.size())));
}

using Ed25519Key = std::array<std::uint8_t, crypto_sign_ed25519_PUBLICKEYBYTES>;

std::optional<Ed25519Key> RawEd25519(EVP_PKEY* key) {
  Ed25519Key raw{};
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key, raw.data(), &size) != 1 || size != raw.size()) return std::nullopt;
  return raw;
}

// Ed25519 keys have no check of their own in OpenSSL: a point of small order would verify signatures nobody made.
bool IsSound(EVP_PKEY* key, Kind kind) {
  if (kind == Kind::kEd25519) {
    const auto raw = RawEd25519(key);
    return raw && crypto_core_ed25519_is_valid_point(raw->data()) == 1;
  }
  // The quick check leaves out the order of the point, which the curves that we accept, being of prime order, imply.
  const KeyContextPtr context(EVP_PKEY_CTX_new(key, nullptr));
  return context && EVP_PKEY_public_check_quick(context.get()) == 1;
}

bool VerifyMessage(EVP_PKEY* key, const EVP_MD* hash, ByteView message, ByteView signature) {
  const DigestContextPtr context(EVP_MD_CTX_new());
  const bool good =
      context && EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  ERR_clear_error();
  return good;
}

// OpenSSL 3.0 has pure Ed25519 only; libsodium has the pre-hashed form.
bool VerifyEd25519ph(EVP_PKEY* key, ByteView message, ByteView signature) {
  const auto raw = RawEd25519(key);
  if (!raw || signature.size() != crypto_sign_ed25519_BYTES) return false;
  crypto_sign_ed25519ph_state state;
  crypto_sign_ed25519ph_init(&state);
  crypto_sign_ed25519ph_update(&state, message.data(), message.size());
  return crypto_sign_ed25519ph_final_verify(&state, signature.data(), raw->data()) == 0;
}

bool VerifyHashed(EVP_PKEY* key, const EVP_MD* hash, ByteView digest, ByteView signature) {
  const KeyContextPtr context(EVP_PKEY_CTX_new(key, nullptr));
  const bool good =
      context && EVP_PKEY_verify_init(context.get()) == 1 && EVP_PKEY_CTX_set_signature_md(context.get(), hash) == 1 &&
      EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
  ERR_clear_error();
  return good;
}

// An RSA signature that was written as the two numbers of an ECDSA one: its halves. Empty if `signature` is no such.
Bytes JoinedHalves(EVP_PKEY* key, ByteView signature) {
  if (!EVP_PKEY_is_a(key, "RSA")) return {};
  const int size = EVP_PKEY_get_size(key);
  if (size <= 0 || size % 2 != 0 || signature.size() == static_cast<std::size_t>(size)) return {};
  const unsigned char* position = signature.data();
  const std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>> halves(
      d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(signature.size())));
  ERR_clear_error();
  if (!halves || position != signature.data() + signature.size()) return {};
  Bytes out(static_cast<std::size_t>(size));
  const bool good = BN_bn2binpad(ECDSA_SIG_get0_r(halves.get()), out.data(), size / 2) == size / 2 &&
                    BN_bn2binpad(ECDSA_SIG_get0_s(halves.get()), out.data() + size / 2, size / 2) == size / 2;
  ERR_clear_error();
  return good ? out : Bytes();
}

Bytes InfoOf(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  Bytes out;
  if (size > 0) out.assign(der, der + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace

PublicKey::PublicKey(std::shared_ptr<const Impl> impl, std::string fingerprint)
    : impl_(std::move(impl)), fingerprint_(std::move(fingerprint)) {}

// Takes a key whose `key` and `der` are set, if it is one that we accept.
Result<PublicKey> Adopt(std::unique_ptr<PublicKey::Impl> impl) {
  // libsodium chooses its implementations once.
  [[maybe_unused]] static const int sodium_ready = sodium_init();
  const auto kind = KindOf(impl->key.get());
  const bool sound = kind && IsSound(impl->key.get(), *kind);
  ERR_clear_error();
  if (!kind) return kind.error();
  if (!sound) return Invalid("is not a sound " + std::string(Text(*kind)) + " key");
  impl->kind = *kind;
  std::string fingerprint = Sha256Hex(impl->der);
  return PublicKey(std::shared_ptr<const PublicKey::Impl>(std::move(impl)), std::move(fingerprint));
}

Result<PublicKey> PublicKey::ParsePem(std::string_view pem) {
  if (pem.size() > limits::kKeyBytes) return Error{ErrorCode::kLimit, "is too large for a public key"};
  auto der = PemBody(pem);
  if (!der) return der.error();
  return ParseDer(*der);
}

Result<PublicKey> PublicKey::ParseDer(ByteView der) {
  if (der.size() > limits::kKeyBytes) return Error{ErrorCode::kLimit, "is too large for a public key"};
  const KeyInfoSyntaxPtr info = ReadKeyInfo(der);
  auto impl = std::make_unique<Impl>();
  if (info) impl->key = KeyOf(*info, der);
  ERR_clear_error();
  if (!impl->key) return Invalid("does not hold one readable SubjectPublicKeyInfo");
  impl->der.assign(der.begin(), der.end());
  return Adopt(std::move(impl));
}

Result<PublicKey> PublicKey::ParsePkcs1(ByteView der) {
  if (der.size() > limits::kKeyBytes) return Error{ErrorCode::kLimit, "is too large for a public key"};
  const unsigned char* position = der.data();
  auto impl = std::make_unique<Impl>();
  impl->key = KeyPtr(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &position, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!impl->key) return Invalid("does not hold a readable RSAPublicKey");
  if (position != der.data() + der.size()) return Invalid("has bytes behind its RSAPublicKey");
  impl->der = InfoOf(impl->key.get());
  return Adopt(std::move(impl));
}

bool PublicKey::VerifyWith(Hash hash, ByteView message, ByteView signature) const {
  const EVP_MD* md = impl_->kind == Kind::kEd25519 ? nullptr : ToOpenSsl(hash);
  return VerifyMessage(impl_->key.get(), md, message, signature);
}

std::optional<Hash> PublicKey::HashThatFits(ByteView message, ByteView signature) const {
  // The likeliest first: what key files are signed by.
  for (const Hash hash : {Hash::kSha256, Hash::kSha384, Hash::kSha512}) {
    if (VerifyWith(hash, message, signature)) return hash;
    if (impl_->kind == Kind::kEd25519) break;  // which takes none
  }
  return std::nullopt;
}

PublicKey PublicKey::Only(Hash hash) const {
  PublicKey out = *this;
  out.only_ = hash;
  return out;
}

bool PublicKey::Fits(ByteView message, ByteView signature) const {
  return only_ ? VerifyWith(*only_, message, signature) : HashThatFits(message, signature).has_value();
}

bool PublicKey::VerifyEnvelope(ByteView message, ByteView signature) const {
  if (impl_->kind == Kind::kEd25519 && VerifyEd25519ph(impl_->key.get(), message, signature)) return true;
  return Fits(message, signature);
}

bool PublicKey::Verify(ByteView message, ByteView signature) const {
  if (Fits(message, signature)) return true;
  const Bytes joined = JoinedHalves(impl_->key.get(), signature);
  return !joined.empty() && Fits(message, joined);
}

bool PublicKey::VerifyDigest(Hash hash, ByteView digest, ByteView signature) const {
  if (digest.size() != DigestSize(hash)) return false;  // OpenSSL says so too, for each kind of key that is left
  // libsodium's pre-hashed Ed25519 hashes itself; it takes no digest.
  if (impl_->kind == Kind::kEd25519 || (only_ && *only_ != hash)) return false;
  return VerifyHashed(impl_->key.get(), ToOpenSsl(hash), digest, signature);
}

const Bytes& PublicKey::Der() const { return impl_->der; }

PublicKey::Kind PublicKey::kind() const { return impl_->kind; }

std::string_view Text(PublicKey::Kind kind) {
  switch (kind) {
    case Kind::kEcdsaP256:
      return "ECDSA P-256";
    case Kind::kEcdsaP384:
      return "ECDSA P-384";
    case Kind::kEcdsaP521:
      return "ECDSA P-521";
    case Kind::kRsa:
      return "RSA";
    case Kind::kEd25519:
      return "Ed25519";
  }
  return "";
}

}  // namespace pullseal::crypto
