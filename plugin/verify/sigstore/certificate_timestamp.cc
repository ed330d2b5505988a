// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/certificate_timestamp.h"

#include <optional>
#include <utility>

#include "core/crypto/hash.h"
#include "verify/sigstore/limits.h"

namespace pullseal::sigstore {
namespace {

constexpr std::string_view kListExtension = "1.3.6.1.4.1.11129.2.4.2";
constexpr std::size_t kLogIdSize = 32;
constexpr std::uint8_t kVersion1 = 0;
constexpr std::uint8_t kHashSha256 = 4;  // RFC 5246 section 7.4.1.4.1
constexpr std::uint8_t kSignatureRsa = 1;
constexpr std::uint8_t kSignatureEcdsa = 3;

Error Invalid(std::string message) {
  return Error{ErrorCode::kInvalid, "certificate timestamp: " + std::move(message)};
}

// TlsReader reads big-endian numbers and length-prefixed bytes (RFC 5246 section 4), and remembers running out.
class TlsReader {
 public:
  explicit TlsReader(ByteView bytes) : rest_(bytes) {}
  ByteView Take(std::size_t size) {
    if (size > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const ByteView out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }
  std::uint64_t Number(std::size_t size) {
    std::uint64_t out = 0;
    for (const std::uint8_t byte : Take(size)) out = out << 8 | byte;
    return out;
  }
  ByteView Vector16() { return Take(static_cast<std::size_t>(Number(2))); }
  bool good() const { return good_; }
  bool done() const { return rest_.empty(); }

 private:
  ByteView rest_;
  bool good_ = true;
};

Result<CertificateTimestamp> ParseOne(ByteView bytes) {
  TlsReader reader(bytes);
  if (reader.Number(1) != kVersion1) return Invalid("is not of version 1");
  CertificateTimestamp out;
  const ByteView id = reader.Take(kLogIdSize);
  const std::uint64_t milliseconds = reader.Number(8);
  const ByteView extensions = reader.Vector16();
  const auto hash = reader.Number(1);
  const auto algorithm = reader.Number(1);
  const ByteView signature = reader.Vector16();
  if (!reader.good() || !reader.done() || signature.empty()) return Invalid("does not end where it should");
  if (hash != kHashSha256 || (algorithm != kSignatureEcdsa && algorithm != kSignatureRsa)) {
    return Invalid("is not signed with ECDSA or RSA over SHA-256");
  }
  // Years that WallTime can hold.
  if (milliseconds > 9'000'000'000'000) return Invalid("is of a time that cannot be");
  out.log_id.assign(id.begin(), id.end());
  out.time = WallTime{} + std::chrono::milliseconds(milliseconds);
  out.extensions.assign(extensions.begin(), extensions.end());
  out.signature.assign(signature.begin(), signature.end());
  return out;
}

void Append(Bytes& out, std::uint64_t number, std::size_t size) {
  for (std::size_t i = size; i-- > 0;) out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

}  // namespace

Result<std::vector<CertificateTimestamp>> CertificateTimestamp::EmbeddedIn(const crypto::Certificate& certificate) {
  std::vector<CertificateTimestamp> out;
  const auto value = certificate.Extension(kListExtension);
  if (!value) return value.error();
  if (!*value) return out;
  const auto list = crypto::DerContent(**value, crypto::kDerOctetString);
  if (!list) return Invalid("its list is no octet string");
  TlsReader reader(*list);
  TlsReader entries(reader.Vector16());
  if (!reader.good() || !reader.done()) return Invalid("its list does not end where it should");
  while (!entries.done()) {
    const ByteView one = entries.Vector16();
    if (!entries.good()) return Invalid("its list does not end where it should");
    if (out.size() == limits::kCertificateTimestamps)
      return Error{ErrorCode::kLimit, "too many certificate timestamps"};
    auto parsed = ParseOne(one);
    if (!parsed) return parsed.error();
    out.push_back(std::move(*parsed));
  }
  return out;
}

Result<PrecertificateEntry> PrecertificateEntry::Of(const crypto::Certificate& certificate,
                                                    const crypto::Certificate& issuer) {
  auto tbs = certificate.TbsWithout(kListExtension);
  if (!tbs) return tbs.error();
  PrecertificateEntry out;
  out.issuer_key_hash_ = crypto::Digest(crypto::Hash::kSha256, issuer.KeyInfo());
  out.tbs_ = std::move(*tbs);
  return out;
}

bool PrecertificateEntry::SignedBy(const CertificateTimestamp& timestamp, const crypto::PublicKey& key) const {
  constexpr std::uint64_t kSignatureTypeCertificateTimestamp = 0;
  constexpr std::uint64_t kPrecertificateEntry = 1;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(timestamp.time.time_since_epoch());
  Bytes message;
  Append(message, kVersion1, 1);
  Append(message, kSignatureTypeCertificateTimestamp, 1);
  Append(message, static_cast<std::uint64_t>(milliseconds.count()), 8);
  Append(message, kPrecertificateEntry, 2);
  message.insert(message.end(), issuer_key_hash_.begin(), issuer_key_hash_.end());
  Append(message, tbs_.size(), 3);
  message.insert(message.end(), tbs_.begin(), tbs_.end());
  Append(message, timestamp.extensions.size(), 2);
  message.insert(message.end(), timestamp.extensions.begin(), timestamp.extensions.end());
  return key.VerifyWith(crypto::Hash::kSha256, message, timestamp.signature);
}

}  // namespace pullseal::sigstore
