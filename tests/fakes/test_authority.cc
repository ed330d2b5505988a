// SPDX-License-Identifier: Apache-2.0
#include "fakes/test_authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <stdexcept>

namespace pullseal::fakes {

struct TestAuthority::Impl {
  EVP_PKEY* key = nullptr;
};

namespace {

std::string Drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return out;
}

// Large keys have more than two primes, which makes them in a fraction of the time; nobody can tell from the public
// key.
EVP_PKEY* GenerateRsa(int bits) {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen_init(context);
  EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits);
  EVP_PKEY_CTX_set_rsa_keygen_primes(context, bits >= 4096 ? 4 : bits >= 2048 ? 3 : 2);
  EVP_PKEY_generate(context, &key);
  EVP_PKEY_CTX_free(context);
  return key;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& curve) : impl_(std::make_unique<Impl>()) {
  if (curve == "RSA") {
    impl_->key = EVP_RSA_gen(2048);
  } else if (curve.starts_with("RSA-")) {
    impl_->key = GenerateRsa(std::stoi(curve.substr(4)));
  } else if (curve == "ED25519") {
    impl_->key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  } else {
    impl_->key = EVP_EC_gen(curve.c_str());
  }
  if (impl_->key == nullptr) throw std::runtime_error("no key of curve " + curve);
}

TestAuthority::~TestAuthority() { EVP_PKEY_free(impl_->key); }

std::string TestAuthority::PublicPem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, impl_->key);
  return Drain(bio);
}

Bytes TestAuthority::PublicDer() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(impl_->key, &der);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

evp_pkey_st* TestAuthority::native() const { return impl_->key; }

std::string TestAuthority::PrivatePem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, impl_->key, nullptr, nullptr, 0, nullptr, nullptr);
  return Drain(bio);
}

Bytes TestAuthority::Sign(const std::string& message, const std::string& hash) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const EVP_MD* md = EVP_PKEY_is_a(impl_->key, "ED25519") ? nullptr : EVP_get_digestbyname(hash.c_str());
  EVP_DigestSignInit(context, nullptr, md, nullptr, impl_->key);
  const ByteView bytes = AsBytes(message);
  std::size_t size = 0;
  EVP_DigestSign(context, nullptr, &size, bytes.data(), bytes.size());
  Bytes out(size);
  EVP_DigestSign(context, out.data(), &size, bytes.data(), bytes.size());
  out.resize(size);
  EVP_MD_CTX_free(context);
  return out;
}

Bytes TestAuthority::SignEd25519ph(const std::string& message) const {
  std::uint8_t seed[crypto_sign_ed25519_SEEDBYTES];
  std::size_t size = sizeof seed;
  EVP_PKEY_get_raw_private_key(impl_->key, seed, &size);
  std::uint8_t public_key[crypto_sign_ed25519_PUBLICKEYBYTES];
  std::uint8_t secret_key[crypto_sign_ed25519_SECRETKEYBYTES];
  crypto_sign_ed25519_seed_keypair(public_key, secret_key, seed);
  crypto_sign_ed25519ph_state state;
  crypto_sign_ed25519ph_init(&state);
  crypto_sign_ed25519ph_update(&state, AsBytes(message).data(), message.size());
  Bytes out(crypto_sign_ed25519_BYTES);
  crypto_sign_ed25519ph_final_create(&state, out.data(), nullptr, secret_key);
  return out;
}

std::string SignStatement(const std::string& digest, const std::string& annotations,
                          const std::string& predicate_type) {
  return R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":")" + digest.substr(7) + "\"}" +
         (annotations.empty() ? "" : ",\"annotations\":" + annotations) + R"(}],"predicateType":")" + predicate_type +
         R"(","predicate":{}})";
}

std::string EnvelopeBytes(const std::string& payload, const std::string& type) {
  return "DSSEv1 " + std::to_string(type.size()) + " " + type + " " + std::to_string(payload.size()) + " " + payload;
}

std::string KeyBundle(const std::string& payload, const Bytes& signature, const std::string& type) {
  return R"({"mediaType":")" + std::string(kBundleType) +
         R"(","verificationMaterial":{"publicKey":{"hint":"h"}},"dsseEnvelope":{"payload":")" +
         Base64Encode(AsBytes(payload)) + R"(","payloadType":")" + type + R"(","signatures":[{"sig":")" +
         Base64Encode(signature) + "\"}]}}";
}

std::string SimpleSigningPayload(const std::string& repository, const std::string& digest,
                                 const std::string& optional) {
  return R"({"critical":{"identity":{"docker-reference":")" + repository + R"("},"image":{"docker-manifest-digest":")" +
         digest + R"("},"type":"cosign container image signature"},"optional":)" + optional + "}";
}

}  // namespace pullseal::fakes
