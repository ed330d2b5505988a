// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/key_parts.h"

#include <algorithm>
#include <initializer_list>

namespace pullseal::crypto {
namespace {

// ASN.1 DER (X.690): one value with its tag and length.
Bytes Der(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  Bytes content;
  for (const ByteView part : parts) content.insert(content.end(), part.begin(), part.end());
  Bytes out = {tag};
  const std::size_t size = content.size();
  if (size < 0x80) {
    out.push_back(static_cast<std::uint8_t>(size));
  } else if (size <= 0xFF) {
    out.insert(out.end(), {0x81, static_cast<std::uint8_t>(size)});
  } else {
    out.insert(out.end(),
               {0x82, static_cast<std::uint8_t>((size >> 8) & 0xFF), static_cast<std::uint8_t>(size & 0xFF)});
  }
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kBitString = 0x03;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::size_t kMostNumberBytes = 1024;  // of a modulus; what is too large for us is refused by its bits

ByteView Trimmed(ByteView number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  return number;
}

// A positive INTEGER has no leading zero byte but the one that keeps its first bit clear.
Bytes Integer(ByteView number) {
  number = Trimmed(number);
  const Bytes zero = {0};
  const bool clear = !number.empty() && (number.front() & 0x80) == 0;
  return clear ? Der(kInteger, {number}) : Der(kInteger, {zero, number});
}

Bytes KeyInfo(const Bytes& algorithm, const Bytes& key) {
  const Bytes no_unused_bits = {0};
  return Der(kSequence, {Der(kSequence, {algorithm}), Der(kBitString, {no_unused_bits, key})});
}

}  // namespace

Result<PublicKey> EcKeyFromPoint(PublicKey::Kind kind, ByteView x, ByteView y) {
  // id-ecPublicKey with the curve's name (RFC 5480 section 2.1.1).
  Bytes algorithm = {0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};
  std::size_t size = 0;
  switch (kind) {
    case PublicKey::Kind::kEcdsaP256:
      algorithm.insert(algorithm.end(), {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07});
      size = 32;
      break;
    case PublicKey::Kind::kEcdsaP384:
      algorithm.insert(algorithm.end(), {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22});
      size = 48;
      break;
    case PublicKey::Kind::kEcdsaP521:
      algorithm.insert(algorithm.end(), {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23});
      size = 66;
      break;
    case PublicKey::Kind::kRsa:
    case PublicKey::Kind::kEd25519:
      return Error{ErrorCode::kInvalid, "is of a kind without coordinates"};
  }
  Bytes point(1 + 2 * size, 0);
  point[0] = 0x04;  // uncompressed
  std::size_t end = 1;
  for (const ByteView one : {Trimmed(x), Trimmed(y)}) {
    end += size;
    if (one.size() > size) return Error{ErrorCode::kInvalid, "has a coordinate that is too long for its curve"};
    std::copy(one.begin(), one.end(), point.begin() + static_cast<std::ptrdiff_t>(end - one.size()));
  }
  return PublicKey::ParseDer(KeyInfo(algorithm, point));
}

Result<PublicKey> RsaKeyFromNumbers(ByteView modulus, ByteView exponent) {
  if (modulus.size() > kMostNumberBytes || exponent.size() > kMostNumberBytes) {
    return Error{ErrorCode::kInvalid, "has a number that is too large"};
  }
  // rsaEncryption with NULL (RFC 3279 section 2.3.1).
  const Bytes algorithm = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00};
  return PublicKey::ParseDer(KeyInfo(algorithm, Der(kSequence, {Integer(modulus), Integer(exponent)})));
}

std::string ToPem(const PublicKey& key) {
  constexpr std::size_t kLine = 64;
  const std::string body = Base64Encode(key.Der());
  std::string out = "-----BEGIN PUBLIC KEY-----\n";
  for (std::size_t at = 0; at < body.size(); at += kLine) out += body.substr(at, kLine) + "\n";
  return out + "-----END PUBLIC KEY-----\n";
}

}  // namespace pullseal::crypto
