// SPDX-License-Identifier: Apache-2.0
#include "verify/tuf/key.h"

#include <string_view>
#include <utility>

#include "core/crypto/raw_signature.h"

namespace pullseal::tuf {
namespace {

using crypto::Hash;
using crypto::PublicKey;

// What comes before the key's own bytes in a SubjectPublicKeyInfo (RFC 5480 section 2, RFC 8410 section 4).
constexpr std::string_view kP256Head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
constexpr std::string_view kEd25519Head = "302a300506032b6570032100";
// RSA's algorithm with its NULL parameter (RFC 3279 section 2.3.1), behind the outer SEQUENCE's four bytes.
constexpr std::string_view kRsaAlgorithm = "300d06092a864886f70d0101010500";
constexpr std::size_t kP256Size = 91;   // with an uncompressed point
constexpr std::size_t kP384Size = 120;  // likewise

std::optional<PublicKey> FromHex(std::string_view head, std::string_view text, std::size_t digits) {
  if (text.size() != digits) return std::nullopt;
  const auto der = HexDecode(std::string(head) + std::string(text));
  if (!der) return std::nullopt;
  auto key = PublicKey::ParseDer(*der);
  return key ? std::optional(std::move(key).value()) : std::nullopt;
}

// One key has one form only, so that it cannot count twice: no compressed points, no RSA without its parameter.
bool HasTheOneForm(const PublicKey& key) {
  const Bytes& der = key.Der();
  switch (key.kind()) {
    case PublicKey::Kind::kEcdsaP256:
      return der.size() == kP256Size;
    case PublicKey::Kind::kEcdsaP384:
      return der.size() == kP384Size;
    case PublicKey::Kind::kRsa:
      return HexEncode(der).substr(8, kRsaAlgorithm.size()) == kRsaAlgorithm;
    case PublicKey::Kind::kEcdsaP521:
    case PublicKey::Kind::kEd25519:
      break;
  }
  return false;
}

std::optional<PublicKey> FromPem(std::string_view text, PublicKey::Kind kind) {
  auto key = PublicKey::ParsePem(text);
  if (!key || key->kind() != kind || !HasTheOneForm(*key)) return std::nullopt;
  return std::move(key).value();
}

}  // namespace

std::optional<PublicKey> Key::ReadPublic(Scheme scheme, const std::string& text) {
  constexpr std::size_t kPointDigits = 130;  // 04, x, y
  switch (scheme) {
    case Scheme::kEcdsaSha256:
      if (text.starts_with("04")) return FromHex(kP256Head, text, kPointDigits);
      return FromPem(text, PublicKey::Kind::kEcdsaP256);
    case Scheme::kEcdsaSha384:
      return FromPem(text, PublicKey::Kind::kEcdsaP384);
    case Scheme::kEd25519:
      return FromHex(kEd25519Head, text, 64);
    case Scheme::kRsaPssSha256:
    case Scheme::kRsaPkcs1Sha256:
      return FromPem(text, PublicKey::Kind::kRsa);
  }
  return std::nullopt;
}

std::optional<Key> Key::Read(const json::Value& value) {
  // The types are those of the specification's section 4.2 and the older names that repositories still carry.
  static constexpr struct {
    std::string_view type;
    std::string_view scheme;
    Scheme meaning;
  } kKnown[] = {
      {"ecdsa", "ecdsa-sha2-nistp256", Scheme::kEcdsaSha256},
      {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", Scheme::kEcdsaSha256},
      {"ecdsa", "ecdsa-sha2-nistp384", Scheme::kEcdsaSha384},
      {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", Scheme::kEcdsaSha384},
      {"ed25519", "ed25519", Scheme::kEd25519},
      {"rsa", "rsassa-pss-sha256", Scheme::kRsaPssSha256},
      {"rsa", "rsa-pkcs1v15-sha256", Scheme::kRsaPkcs1Sha256},
  };
  const std::string* type = value.FindString("keytype");
  const std::string* scheme = value.FindString("scheme");
  const json::Value* holder = value.Find("keyval");
  const std::string* text = holder != nullptr ? holder->FindString("public") : nullptr;
  if (type == nullptr || scheme == nullptr || text == nullptr) return std::nullopt;
  for (const auto& known : kKnown) {
    if (*type != known.type || *scheme != known.scheme) continue;
    auto key = ReadPublic(known.meaning, *text);
    if (!key) return std::nullopt;
    return Key(std::move(*key), known.meaning);
  }
  return std::nullopt;
}

bool Key::Verify(ByteView message, ByteView signature) const {
  switch (scheme_) {
    case Scheme::kEcdsaSha256:
    case Scheme::kEd25519:
    case Scheme::kRsaPkcs1Sha256:
      return key_.VerifyWith(Hash::kSha256, message, signature);
    case Scheme::kEcdsaSha384:
      return key_.VerifyWith(Hash::kSha384, message, signature);
    case Scheme::kRsaPssSha256:
      return crypto::VerifyPss(key_, Hash::kSha256, message, signature);
  }
  return false;
}

}  // namespace pullseal::tuf
