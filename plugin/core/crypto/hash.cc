// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/hash.h"

#include "core/crypto/openssl.h"

namespace pullseal::crypto {

const EVP_MD* ToOpenSsl(Hash hash) {
  switch (hash) {
    case Hash::kSha256:
      return EVP_sha256();
    case Hash::kSha384:
      return EVP_sha384();
    case Hash::kSha512:
      return EVP_sha512();
  }
  return nullptr;
}

Bytes Digest(Hash hash, ByteView bytes) {
  Bytes out(DigestSize(hash));
  EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, ToOpenSsl(hash), nullptr);
  return out;
}

std::size_t DigestSize(Hash hash) {
  switch (hash) {
    case Hash::kSha256:
      return 32;
    case Hash::kSha384:
      return 48;
    case Hash::kSha512:
      return 64;
  }
  return 0;
}

std::string_view Text(Hash hash) {
  switch (hash) {
    case Hash::kSha256:
      return "SHA-256";
    case Hash::kSha384:
      return "SHA-384";
    case Hash::kSha512:
      return "SHA-512";
  }
  return "";
}

std::optional<Hash> HashNamed(std::string_view name) {
  if (name == "sha256" || name == "SHA2_256") return Hash::kSha256;
  if (name == "sha384" || name == "SHA2_384") return Hash::kSha384;
  if (name == "sha512" || name == "SHA2_512") return Hash::kSha512;
  return std::nullopt;
}

}  // namespace pullseal::crypto
