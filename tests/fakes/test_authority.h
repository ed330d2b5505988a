#ifndef PULLSEAL_FAKES_TEST_AUTHORITY_H_
#define PULLSEAL_FAKES_TEST_AUTHORITY_H_

#include <memory>
#include <string>

#include "base/bytes.h"

namespace pullseal::fakes {

// TestAuthority is a fresh key pair that signs.
class TestAuthority {
 public:
  // `curve` is an OpenSSL group name; "RSA" makes an RSA 2048 key, "ED25519" an Ed25519 key.
  explicit TestAuthority(const std::string& curve = "P-256");
  ~TestAuthority();
  std::string PublicPem() const;
  std::string PrivatePem() const;
  Bytes Sign(const std::string& message) const;  // ASN.1 DER ECDSA over SHA-256
  std::string SignBase64(const std::string& message) const { return Base64Encode(Sign(message)); }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A simple-signing payload as cosign writes it.
std::string SimpleSigningPayload(const std::string& repository, const std::string& digest,
                                 const std::string& optional = "null");

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_TEST_AUTHORITY_H_
