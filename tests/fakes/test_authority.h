// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_TEST_AUTHORITY_H_
#define PULLSEAL_FAKES_TEST_AUTHORITY_H_

#include <memory>
#include <string>

#include "core/base/bytes.h"

struct evp_pkey_st;

namespace pullseal::fakes {

// TestAuthority is a fresh key pair that signs.
class TestAuthority {
 public:
  // `curve` is an OpenSSL group name; "RSA" makes an RSA 2048 key, "RSA-1024" one of that size, "ED25519" an Ed25519
  // key.
  explicit TestAuthority(const std::string& curve = "P-256");
  ~TestAuthority();
  std::string PublicPem() const;
  std::string PrivatePem() const;
  // As cosign's simple signing does: over SHA-256; pure with Ed25519. `hash` is another's OpenSSL name.
  Bytes Sign(const std::string& message, const std::string& hash = "SHA256") const;
  Bytes SignEd25519ph(const std::string& message) const;
  std::string SignBase64(const std::string& message) const { return Base64Encode(Sign(message)); }
  Bytes PublicDer() const;      // SubjectPublicKeyInfo
  evp_pkey_st* native() const;  // OpenSSL's key

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A statement as `cosign sign` 3.x writes it; `annotations` is a JSON object.
std::string SignStatement(const std::string& digest, const std::string& annotations = "",
                          const std::string& predicate_type = "https://sigstore.dev/cosign/sign/v1");
// The bytes that are signed for an envelope around `payload`.
std::string EnvelopeBytes(const std::string& payload, const std::string& type = "application/vnd.in-toto+json");
// A Sigstore bundle v0.3 with a public key hint around `payload`.
std::string KeyBundle(const std::string& payload, const Bytes& signature,
                      const std::string& type = "application/vnd.in-toto+json");
inline constexpr const char* kBundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

// A simple-signing payload as cosign writes it.
std::string SimpleSigningPayload(const std::string& repository, const std::string& digest,
                                 const std::string& optional = "null");

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_TEST_AUTHORITY_H_
