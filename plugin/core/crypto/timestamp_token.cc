// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/timestamp_token.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/crypto/certificate_profile.h"
#include "core/crypto/der.h"
#include "core/crypto/hash.h"
#include "core/crypto/limits.h"
#include "core/crypto/public_key.h"
#include "core/crypto/timestamp_info.h"

namespace pullseal::crypto {

struct TimestampToken::Impl {
  Bytes der;  // what the views below point into
  TimestampInfo info;
  ByteView content;  // the TSTInfo's DER
  std::optional<WallTime> signing_time;
  std::vector<Certificate> certificates;
  // Of the SignerInfo.
  IssuerAndSerial signer;
  Hash hash = Hash::kSha256;
  bool is_ecdsa = false;
  ByteView attributes;  // all of their DER
  ByteView message_digest;
  ByteView signature;
  // Of the ESS attribute.
  Hash certificate_hash_kind = Hash::kSha256;
  ByteView certificate_hash;
  std::optional<IssuerAndSerial> certificate_name;
};

namespace {

using namespace std::string_view_literals;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "timestamp: " + std::move(message)}; }

// Contents of object identifiers.
constexpr std::string_view kSignedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"sv;       // 1.2.840.113549.1.7.2
constexpr std::string_view kTstInfo = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04"sv;  // ...1.9.16.1.4
constexpr std::string_view kContentType = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"sv;      // ...1.9.3
constexpr std::string_view kMessageDigest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"sv;    // ...1.9.4
constexpr std::string_view kSigningTime = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05"sv;      // ...1.9.5
constexpr std::string_view kSigningCertificateV2 = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f"sv;  // ...1.9.16.2.47

struct SignatureAlgorithm {
  std::string_view oid;
  bool is_ecdsa;
  std::optional<Hash> hash;  // that the algorithm names; rsaEncryption names none
};
constexpr std::array<SignatureAlgorithm, 7> kAlgorithms = {{
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv, false, std::nullopt},  // rsaEncryption
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"sv, false, Hash::kSha256},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"sv, false, Hash::kSha384},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"sv, false, Hash::kSha512},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x02"sv, true, Hash::kSha256},  // ecdsa-with-SHA256
    {"\x2a\x86\x48\xce\x3d\x04\x03\x03"sv, true, Hash::kSha384},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x04"sv, true, Hash::kSha512},
}};

constexpr std::uint8_t kConstructed0 = 0xa0;  // [0], constructed
constexpr std::uint8_t kConstructed1 = 0xa1;
constexpr std::uint8_t kDirectoryName = 0xa4;  // GeneralName's [4]

bool Is(const DerValue& value, std::string_view oid) { return AsText(value.content) == oid; }

Status Version(DerReader& reader, std::int64_t version, const char* what) {
  const auto number = reader.Next(kDerInteger);
  if (!number) return number.error();
  const auto value = DerWhole(number->content);
  if (!value || *value != version) return Invalid(std::string(what) + " is of another version");
  return {};
}

Status ReadCertificates(ByteView content, std::vector<Certificate>& out) {
  DerReader reader(content);
  std::size_t count = 0;
  while (!reader.AtEnd()) {
    const auto one = reader.Next();
    if (!one) return one.error();
    if (++count > limits::kCertificates) return Error{ErrorCode::kLimit, "timestamp: has too many certificates"};
    if (auto certificate = Certificate::ParseDer(one->encoded)) out.push_back(std::move(*certificate));
  }
  return {};
}

Result<IssuerAndSerial> ReadIssuerAndSerial(DerReader& reader) {
  const auto issuer = reader.Next(kDerSequence);
  if (!issuer) return issuer.error();
  const auto serial = reader.Next(kDerInteger);
  if (!serial) return serial.error();
  return IssuerAndSerial{Bytes(issuer->encoded.begin(), issuer->encoded.end()),
                         Bytes(serial->encoded.begin(), serial->encoded.end())};
}

// IssuerSerial (RFC 5035 section 5): the issuer is a list of one directoryName.
Result<IssuerAndSerial> ReadEssName(ByteView content) {
  DerReader reader(content);
  const auto names = reader.Next(kDerSequence);
  if (!names) return names.error();
  const auto name = ReadDer(names->content, kDirectoryName);
  if (!name) return name.error();
  const auto serial = reader.Next(kDerInteger);
  if (!serial) return serial.error();
  return IssuerAndSerial{Bytes(name->content.begin(), name->content.end()),
                         Bytes(serial->encoded.begin(), serial->encoded.end())};
}

// SigningCertificateV2 (RFC 5035 section 3): its first ESSCertIDv2 is the signer's.
Status ReadEss(ByteView value, TimestampToken::Impl& out) {
  const auto attribute = ReadDer(value, kDerSequence);
  if (!attribute) return attribute.error();
  const auto list = DerReader(attribute->content).Next(kDerSequence);
  if (!list) return list.error();
  const auto first = DerReader(list->content).Next(kDerSequence);
  if (!first) return first.error();
  DerReader reader(first->content);
  if (reader.PeekTag() == kDerSequence) {  // hashAlgorithm DEFAULT SHA-256
    const auto algorithm = DerAlgorithm(reader);
    if (!algorithm) return algorithm.error();
    const auto hash = DerHash(*algorithm);
    if (!hash) return hash.error();
    out.certificate_hash_kind = *hash;
  }
  const auto digest = reader.Next(kDerOctets);
  if (!digest) return digest.error();
  out.certificate_hash = digest->content;
  const auto named = reader.NextIf(kDerSequence);
  if (!named) return named.error();
  if (!*named) return {};
  auto name = ReadEssName((*named)->content);
  if (!name) return name.error();
  out.certificate_name = std::move(*name);
  return {};
}

// The values of the attributes that are asked for, each there at most once with one value.
struct FoundAttributes {
  std::optional<ByteView> content_type, message_digest, ess, signing_time;
};

Status Put(std::optional<ByteView>& slot, ByteView values) {
  if (slot) return Invalid("has a signed attribute twice");
  DerReader reader(values);
  const auto value = reader.Next();
  if (!value) return value.error();
  if (!reader.AtEnd()) return Invalid("has a signed attribute of several values");
  slot = value->encoded;
  return {};
}

Result<FoundAttributes> FindAttributes(ByteView content) {
  FoundAttributes out;
  DerReader reader(content);
  while (!reader.AtEnd()) {
    const auto one = reader.Next(kDerSequence);
    if (!one) return one.error();
    DerReader parts(one->content);
    const auto type = parts.Next(kDerObject);
    if (!type) return type.error();
    const auto values = parts.Next(kDerSet);
    if (!values) return values.error();
    if (!parts.AtEnd()) return Invalid("has a signed attribute that cannot be read");
    Status put;
    if (Is(*type, kContentType)) put = Put(out.content_type, values->content);
    if (Is(*type, kMessageDigest)) put = Put(out.message_digest, values->content);
    if (Is(*type, kSigningCertificateV2)) put = Put(out.ess, values->content);
    if (Is(*type, kSigningTime)) put = Put(out.signing_time, values->content);
    if (!put) return put.error();
  }
  return out;
}

// RFC 5652 section 5.3, RFC 3161 section 2.4.2.
Status ReadAttributes(ByteView content, TimestampToken::Impl& out) {
  const auto found = FindAttributes(content);
  if (!found) return found.error();
  if (!found->content_type || !found->message_digest) return Invalid("lacks a signed attribute");
  const auto type = ReadDer(*found->content_type, kDerObject);
  if (!type || !Is(*type, kTstInfo)) return Invalid("is signed as content of another type");
  const auto digest = ReadDer(*found->message_digest, kDerOctets);
  if (!digest) return digest.error();
  out.message_digest = digest->content;
  if (found->signing_time) {
    const auto value = DerReader(*found->signing_time).Next();
    if (!value) return value.error();
    if (value->tag != kDerUtcTime && value->tag != kDerGeneralizedTime) return Invalid("has a time that is none");
    const auto time = DerTime(*value);
    if (!time) return time.error();
    out.signing_time = *time;
  }
  // RFC 5816 section 2.2.1: version 1 of it hashes with SHA-1.
  if (!found->ess) return Invalid("does not name its signer's certificate by a SHA-2 hash");
  return ReadEss(*found->ess, out);
}

Status ReadAlgorithms(std::string_view digest, std::string_view signature, TimestampToken::Impl& out) {
  const auto hash = DerHash(digest);
  if (!hash) return hash.error();
  out.hash = *hash;
  for (const SignatureAlgorithm& one : kAlgorithms) {
    if (one.oid != signature) continue;
    if (one.hash && *one.hash != *hash) return Invalid("names two hashes");
    out.is_ecdsa = one.is_ecdsa;
    return {};
  }
  return Invalid("is signed with an algorithm that is not accepted");
}

// SignerInfo (RFC 5652 section 5.3): of version 1, so its signer is named by issuer and serial number.
Status ReadSigner(ByteView content, TimestampToken::Impl& out) {
  DerReader reader(content);
  if (auto version = Version(reader, 1, "its SignerInfo"); !version) return version;
  const auto name = reader.Next(kDerSequence);
  if (!name) return name.error();
  DerReader name_reader(name->content);
  auto signer = ReadIssuerAndSerial(name_reader);
  if (!signer) return signer.error();
  out.signer = std::move(*signer);
  const auto digest = DerAlgorithm(reader);
  if (!digest) return digest.error();
  const auto attributes = reader.Next(kConstructed0);
  if (!attributes) return Invalid("has no signed attributes");
  out.attributes = attributes->encoded;
  const auto algorithm = DerAlgorithm(reader);
  if (!algorithm) return algorithm.error();
  const auto signature = reader.Next(kDerOctets);
  if (!signature) return signature.error();
  out.signature = signature->content;
  if (const auto unsigned_ones = reader.NextIf(kConstructed1); !unsigned_ones) return unsigned_ones.error();
  if (!reader.AtEnd()) return Invalid("has more in its SignerInfo than belongs there");
  if (auto algorithms = ReadAlgorithms(*digest, *algorithm, out); !algorithms) return algorithms;
  return ReadAttributes(attributes->content, out);
}

// EncapsulatedContentInfo (section 5.2).
Status ReadContent(ByteView content, TimestampToken::Impl& out) {
  DerReader reader(content);
  const auto type = reader.Next(kDerObject);
  if (!type) return type.error();
  if (!Is(*type, kTstInfo)) return Invalid("has content of another type");
  const auto wrapped = reader.Next(kConstructed0);
  if (!wrapped) return wrapped.error();
  const auto octets = ReadDer(wrapped->content, kDerOctets);
  if (!octets) return octets.error();
  if (!reader.AtEnd()) return Invalid("has content that cannot be read");
  const auto info = ReadTimestampInfo(octets->content);
  if (!info) return info.error();
  out.content = octets->content;
  out.info = *info;
  return {};
}

// SignedData (section 5.1).
Status ReadSignedData(ByteView content, TimestampToken::Impl& out) {
  DerReader reader(content);
  if (auto version = Version(reader, 3, "its SignedData"); !version) return version;
  if (const auto digests = reader.Next(kDerSet); !digests) return digests.error();
  const auto encapsulated = reader.Next(kDerSequence);
  if (!encapsulated) return encapsulated.error();
  if (auto read = ReadContent(encapsulated->content, out); !read) return read;
  const auto certificates = reader.NextIf(kConstructed0);
  if (!certificates) return certificates.error();
  if (*certificates) {
    if (auto read = ReadCertificates((*certificates)->content, out.certificates); !read) return read;
  }
  if (const auto lists = reader.NextIf(kConstructed1); !lists) return lists.error();
  const auto signers = reader.Next(kDerSet);
  if (!signers) return signers.error();
  if (!reader.AtEnd()) return Invalid("has more in its SignedData than belongs there");
  const auto signer = ReadDer(signers->content, kDerSequence);
  if (!signer) return Invalid("has not exactly one signer");
  return ReadSigner(signer->content, out);
}

}  // namespace

Result<TimestampToken> TimestampToken::Parse(ByteView der) {
  if (der.size() > limits::kTimestampBytes) return Error{ErrorCode::kLimit, "timestamp: is too large"};
  auto impl = std::make_shared<Impl>();
  impl->der.assign(der.begin(), der.end());
  const auto outer = ReadDer(impl->der, kDerSequence);
  if (!outer) return outer.error().In("timestamp");
  DerReader reader(outer->content);
  const auto type = reader.Next(kDerObject);
  if (!type || !Is(*type, kSignedData)) return Invalid("is no signed token; a whole response is none, either");
  const auto wrapped = reader.Next(kConstructed0);
  if (!wrapped || !reader.AtEnd()) return Invalid("is not one signed token");
  const auto data = ReadDer(wrapped->content, kDerSequence);
  if (!data) return data.error().In("timestamp");
  if (auto read = ReadSignedData(data->content, *impl); !read) {
    const bool told = read.error().message.starts_with("timestamp: ");
    return told ? read.error() : read.error().In("timestamp");
  }
  return TimestampToken(std::move(impl));
}

WallTime TimestampToken::time() const { return impl_->info.time; }
std::chrono::microseconds TimestampToken::accuracy() const { return impl_->info.accuracy; }
std::optional<WallTime> TimestampToken::signing_time() const { return impl_->signing_time; }
const std::vector<Certificate>& TimestampToken::certificates() const { return impl_->certificates; }

bool TimestampToken::IsOver(ByteView bytes) const {
  return std::ranges::equal(Digest(impl_->info.imprint_hash, bytes), impl_->info.imprint);
}

Result<Certificate> TimestampToken::Signer() const {
  const auto& all = impl_->certificates;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Certificate& one) {
    return IssuerAndSerialOf(one) == impl_->signer &&
           std::ranges::equal(Digest(impl_->certificate_hash_kind, one.Der()), impl_->certificate_hash);
  });
  if (found == all.end()) return Invalid("does not bring the certificate that it names as its signer's");
  if (impl_->certificate_name && *impl_->certificate_name != impl_->signer) return Invalid("names two signers");
  if (!std::ranges::equal(Digest(impl_->hash, impl_->content), impl_->message_digest)) {
    return Invalid("is signed over other content");
  }
  const auto key = found->Key();
  if (!key) return key.error().In("timestamp");
  const PublicKey::Kind kind = key->kind();
  if (kind == PublicKey::Kind::kEd25519 || (kind == PublicKey::Kind::kRsa) == impl_->is_ecdsa) {
    return Invalid("is signed with another algorithm than its signer's key has");
  }
  // RFC 5652 section 5.4: what is signed has the tag of a SET OF; the rest of its DER is the same.
  Bytes message(impl_->attributes.begin(), impl_->attributes.end());
  message.front() = kDerSet;
  if (!key->VerifyWith(impl_->hash, message, impl_->signature)) return Invalid("its signature is not its signer's");
  return *found;
}

}  // namespace pullseal::crypto
