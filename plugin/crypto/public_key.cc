#include "crypto/public_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <utility>

#include "base/limits.h"
#include "crypto/sha256.h"

namespace pullseal::crypto {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
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

Status CheckKind(EVP_PKEY* key) {
  if (!EVP_PKEY_is_a(key, "EC")) {
    const char* name = EVP_PKEY_get0_type_name(key);
    return Invalid(std::string("is of type ") + (name != nullptr ? name : "unknown") +
                   "; supported are ECDSA keys on curve P-256");
  }
  char group[64] = {};
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(key, group, sizeof group, &length) != 1 || std::string_view(group) != "prime256v1") {
    return Invalid(std::string("is on curve ") + group + "; supported are ECDSA keys on curve P-256");
  }
  const KeyContextPtr context(EVP_PKEY_CTX_new(key, nullptr));
  if (!context || EVP_PKEY_public_check(context.get()) != 1) return Invalid("is not a valid point on its curve");
  return {};
}

}  // namespace

struct PublicKey::Impl {
  KeyPtr key;
};

PublicKey::PublicKey(std::shared_ptr<const Impl> impl, std::string fingerprint)
    : impl_(std::move(impl)), fingerprint_(std::move(fingerprint)) {}

Result<PublicKey> PublicKey::ParsePem(std::string_view pem) {
  if (pem.size() > limits::kKeyBytes) return Error{ErrorCode::kLimit, "is too large for a public key"};
  auto der = PemBody(pem);
  if (!der) return der.error();
  const unsigned char* position = der->data();
  KeyPtr key(d2i_PUBKEY(nullptr, &position, static_cast<long>(der->size())));
  ERR_clear_error();
  if (!key) return Invalid("does not hold a readable SubjectPublicKeyInfo");
  if (position != der->data() + der->size()) return Invalid("has bytes behind its SubjectPublicKeyInfo");
  if (const Status kind = CheckKind(key.get()); !kind) {
    ERR_clear_error();
    return kind.error();
  }
  std::string fingerprint = Sha256Hex(*der);
  return PublicKey(std::make_shared<const Impl>(Impl{std::move(key)}), std::move(fingerprint));
}

bool PublicKey::Verify(ByteView message, ByteView signature) const {
  const DigestContextPtr context(EVP_MD_CTX_new());
  const bool good =
      context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, impl_->key.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace pullseal::crypto
