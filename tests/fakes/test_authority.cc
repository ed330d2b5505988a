#include "fakes/test_authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

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

}  // namespace

TestAuthority::TestAuthority(const std::string& curve) : impl_(std::make_unique<Impl>()) {
  if (curve == "RSA") {
    impl_->key = EVP_RSA_gen(2048);
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

std::string TestAuthority::PrivatePem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, impl_->key, nullptr, nullptr, 0, nullptr, nullptr);
  return Drain(bio);
}

Bytes TestAuthority::Sign(const std::string& message) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, impl_->key);
  const ByteView bytes = AsBytes(message);
  std::size_t size = 0;
  EVP_DigestSign(context, nullptr, &size, bytes.data(), bytes.size());
  Bytes out(size);
  EVP_DigestSign(context, out.data(), &size, bytes.data(), bytes.size());
  out.resize(size);
  EVP_MD_CTX_free(context);
  return out;
}

std::string SimpleSigningPayload(const std::string& repository, const std::string& digest,
                                 const std::string& optional) {
  return R"({"critical":{"identity":{"docker-reference":")" + repository + R"("},"image":{"docker-manifest-digest":")" +
         digest + R"("},"type":"cosign container image signature"},"optional":)" + optional + "}";
}

}  // namespace pullseal::fakes
