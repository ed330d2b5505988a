// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/certificate.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <initializer_list>
#include <utility>

#include "core/crypto/certificate_syntax.h"
#include "core/crypto/limits.h"
#include "core/crypto/openssl.h"
#include "core/crypto/pem.h"

namespace pullseal::crypto {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
using UsagesPtr = std::unique_ptr<EXTENDED_KEY_USAGE, Deleter<EXTENDED_KEY_USAGE_free>>;
using ConstraintsPtr = std::unique_ptr<BASIC_CONSTRAINTS, Deleter<BASIC_CONSTRAINTS_free>>;
using BitsPtr = std::unique_ptr<ASN1_BIT_STRING, Deleter<ASN1_BIT_STRING_free>>;
using OctetsPtr = std::unique_ptr<ASN1_OCTET_STRING, Deleter<ASN1_OCTET_STRING_free>>;
using KeyIdPtr = std::unique_ptr<AUTHORITY_KEYID, Deleter<AUTHORITY_KEYID_free>>;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "certificate: " + std::move(message)}; }

// Seconds since 1970.
std::optional<std::int64_t> SecondsOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return ::timegm(&parts);
}

bool IsZero(const ASN1_INTEGER* number) {
  const unsigned char* bytes = ASN1_STRING_get0_data(number);
  return std::all_of(bytes, bytes + ASN1_STRING_length(number), [](unsigned char byte) { return byte == 0; });
}

// Signature algorithms that a certificate may be signed with: what PublicKey verifies, over SHA-2.
struct SignatureAlgorithm {
  int nid;
  const char* key;  // the kind of key, as Text(PublicKey::Kind) begins
  Hash hash;
};
constexpr std::array<SignatureAlgorithm, 7> kSignatureAlgorithms = {{
    {NID_ecdsa_with_SHA256, "ECDSA", Hash::kSha256},
    {NID_ecdsa_with_SHA384, "ECDSA", Hash::kSha384},
    {NID_ecdsa_with_SHA512, "ECDSA", Hash::kSha512},
    {NID_sha256WithRSAEncryption, "RSA", Hash::kSha256},
    {NID_sha384WithRSAEncryption, "RSA", Hash::kSha384},
    {NID_sha512WithRSAEncryption, "RSA", Hash::kSha512},
    {NID_ED25519, "Ed25519", Hash::kSha512},
}};

const SignatureAlgorithm* AlgorithmOf(const CertificateSyntax& certificate) {
  const int nid = OBJ_obj2nid(certificate.algorithm->algorithm);
  const auto* found = std::find_if(kSignatureAlgorithms.begin(), kSignatureAlgorithms.end(),
                                   [nid](const SignatureAlgorithm& one) { return one.nid == nid; });
  return found == kSignatureAlgorithms.end() ? nullptr : found;
}

std::string Dotted(const ASN1_OBJECT* object) {
  char text[128] = {};
  const int length = OBJ_obj2txt(text, sizeof text, object, 1);
  return length > 0 && length < static_cast<int>(sizeof text) ? std::string(text) : std::string();
}

// Years that WallTime can hold: 1970 to 2255.
constexpr std::int64_t kSecondsMost = 9'000'000'000;

Result<std::string> NameText(const unsigned char* data, int length, bool ascii) {
  const std::string text(reinterpret_cast<const char*>(data), static_cast<std::size_t>(std::max(length, 0)));
  const bool clean = std::none_of(text.begin(), text.end(), [ascii](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || (ascii && byte > 0x7f);
  });
  if (text.empty() || !clean || !IsUtf8(text)) return Invalid("an alternative name is empty or not clean text");
  return text;
}

Result<AlternativeName> OtherName(const OTHERNAME* other) {
  AlternativeName out;
  out.kind = AlternativeName::Kind::kOther;
  out.other_type = Dotted(other->type_id);
  if (out.other_type.empty() || other->value == nullptr || ASN1_TYPE_get(other->value) != V_ASN1_UTF8STRING) {
    return Invalid("an alternative name of type otherName is no text");
  }
  const ASN1_STRING* text = other->value->value.utf8string;
  auto value = NameText(ASN1_STRING_get0_data(text), ASN1_STRING_length(text), false);
  if (!value) return value.error();
  out.value = std::move(*value);
  return out;
}

Result<AlternativeName> OneName(const GENERAL_NAME* name) {
  int type = 0;
  const void* value = GENERAL_NAME_get0_value(name, &type);
  AlternativeName out;
  switch (type) {
    case GEN_URI:
      out.kind = AlternativeName::Kind::kUri;
      break;
    case GEN_EMAIL:
      out.kind = AlternativeName::Kind::kEmail;
      break;
    case GEN_DNS:
      out.kind = AlternativeName::Kind::kDns;
      break;
    case GEN_OTHERNAME:
      return OtherName(static_cast<const OTHERNAME*>(value));
    default:
      return Invalid("an alternative name is of a kind that names no signer");
  }
  const auto* text = static_cast<const ASN1_STRING*>(value);
  auto read = NameText(ASN1_STRING_get0_data(text), ASN1_STRING_length(text), true);
  if (!read) return read.error();
  out.value = std::move(*read);
  return out;
}

// Where the extension is; -1 if absent, -2 if it is there twice.
int Position(const Certificate::Impl& certificate, std::string_view oid) {
  const auto& all = certificate.extensions;
  const auto found = std::find(all.begin(), all.end(), oid);
  if (found == all.end()) return -1;
  if (std::find(found + 1, all.end(), oid) != all.end()) return -2;
  return static_cast<int>(found - all.begin());
}

template <typename T, int (*Write)(const T*, unsigned char**)>
Bytes Encode(const T* value) {
  unsigned char* der = nullptr;
  const int size = Write(value, &der);
  Bytes out;
  if (size > 0) out.assign(der, der + size);
  OPENSSL_free(der);
  return out;
}

// One DER value of tag `tag` around `parts`.
Bytes Wrap(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  Bytes out = {tag};
  if (size >= 0x80) {
    const int bytes = size >= 0x10000 ? 3 : size >= 0x100 ? 2 : 1;
    out.push_back(static_cast<std::uint8_t>(0x80 | bytes));
    for (int i = bytes; i-- > 1;) out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
  }
  out.push_back(static_cast<std::uint8_t>(size));
  for (const ByteView part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

// The content of the DER value that `der` begins with; empty if it begins with none.
ByteView Inside(ByteView der) {
  const unsigned char* content = der.data();
  long length = 0;
  int tag = 0;
  int type = 0;
  const int flags = ASN1_get_object(&content, &length, &tag, &type, static_cast<long>(der.size()));
  ERR_clear_error();
  if ((flags & 0x80) != 0) return {};
  return ByteView(content, static_cast<std::size_t>(length));
}

// The TBSCertificate of a certificate in strict DER, header included.
ByteView SignedPart(ByteView certificate) {
  const ByteView parts = Inside(certificate);
  const ByteView content = Inside(parts);
  return parts.first(static_cast<std::size_t>(content.data() + content.size() - parts.data()));
}

constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kExtensions = 0xa3;  // TBSCertificate's [3] EXPLICIT

// The extension of `nid` as OpenSSL reads it; null if it is absent, or not readable, or there twice, which `bad` tells.
template <typename Pointer>
Pointer Take(const STACK_OF(X509_EXTENSION) * extensions, int nid, bool& bad) {
  int critical = -1;
  Pointer out(static_cast<typename Pointer::pointer>(X509V3_get_d2i(extensions, nid, &critical, nullptr)));
  bad = bad || (!out && critical != -1);
  return out;
}

// basicConstraints and keyUsage (RFC 5280 sections 4.2.1.9 and 4.2.1.3). False if one cannot be read.
bool ReadUsages(Certificate::Impl& certificate) {
  const auto* extensions = certificate.syntax->tbs->extensions;
  bool bad = false;
  if (const auto constraints = Take<ConstraintsPtr>(extensions, NID_basic_constraints, bad); constraints) {
    certificate.is_authority = constraints->ca != 0;
    const ASN1_INTEGER* length = constraints->pathlen;
    bad = bad || (length != nullptr && ASN1_STRING_type(length) == V_ASN1_NEG_INTEGER);
    if (length != nullptr) certificate.path_length = ASN1_INTEGER_get(length);
  }
  if (const auto bits = Take<BitsPtr>(extensions, NID_key_usage, bad); bits) {
    std::uint32_t usage = 0;
    for (int i = 0; i < std::min(bits->length, 2); ++i) usage |= std::uint32_t{bits->data[i]} << (8 * i);
    certificate.key_usage = usage;
    bad = bad || usage == 0;
  }
  return !bad;
}

// Whether what is read again when it is asked for can be.
bool ReadOtherExtensions(const STACK_OF(X509_EXTENSION) * extensions) {
  bool bad = false;
  Take<UsagesPtr>(extensions, NID_ext_key_usage, bad);
  Take<NamesPtr>(extensions, NID_subject_alt_name, bad);
  Take<KeyIdPtr>(extensions, NID_authority_key_identifier, bad);
  Take<OctetsPtr>(extensions, NID_subject_key_identifier, bad);
  return !bad;
}

}  // namespace

X509* Certificate::Impl::Native() const {
  std::call_once(native_once, [this] {
    const unsigned char* position = der.data();
    native = CertificatePtr(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
    // Fills OpenSSL's cached flags now, so that later reads do not write.
    if (native) X509_get_extension_flags(native.get());
    ERR_clear_error();
  });
  return native.get();
}

Result<Certificate> Certificate::ParseDer(ByteView der) {
  if (der.size() > limits::kCertificateBytes) return Error{ErrorCode::kLimit, "certificate is too large"};
  auto impl = std::make_shared<Impl>();
  impl->syntax = ReadCertificate(der);
  if (!impl->syntax) return Invalid("is not readable as strict DER, or has bytes behind it");
  const TbsSyntax& tbs = *impl->syntax->tbs;
  if (ASN1_INTEGER_get(tbs.version) != X509_VERSION_3) return Invalid("is not of version 3");
  if (AlgorithmOf(*impl->syntax) == nullptr) {
    return Invalid("is signed with an algorithm that is not accepted, such as SHA-1");
  }
  // RFC 5280 section 4.1.2.2.
  if (ASN1_STRING_type(tbs.serial_number) == V_ASN1_NEG_INTEGER || IsZero(tbs.serial_number)) {
    return Invalid("has a serial number that is not positive");
  }
  // RFC 5280 section 4.1.1.2.
  if (X509_ALGOR_cmp(tbs.signature, impl->syntax->algorithm) != 0) return Invalid("names two signature algorithms");
  const auto from = SecondsOf(tbs.validity->notBefore);
  const auto to = SecondsOf(tbs.validity->notAfter);
  if (!from || !to || *from < 0 || *from > kSecondsMost || *to < *from)
    return Invalid("has a validity that cannot be read");
  impl->not_before = WallTime{} + std::chrono::seconds(*from);
  // RFC 5280 section 4.1.2.5: 99991231235959Z means "no good end is known".
  impl->not_after = *to > kSecondsMost ? WallTime::max() : WallTime{} + std::chrono::seconds(*to);
  const bool readable = ReadUsages(*impl) && ReadOtherExtensions(tbs.extensions);
  ERR_clear_error();
  if (!readable) return Invalid("has an extension that cannot be read");
  impl->der.assign(der.begin(), der.end());
  for (int i = 0; i < X509v3_get_ext_count(tbs.extensions); ++i) {
    impl->extensions.push_back(Dotted(X509_EXTENSION_get_object(X509v3_get_ext(tbs.extensions, i))));
  }
  return Certificate(std::move(impl));
}

Result<std::vector<Certificate>> Certificate::ParsePem(std::string_view pem) {
  const auto blocks = ReadPem(pem, limits::kCertificates);
  if (!blocks) return blocks.error().In("certificate");
  std::vector<Certificate> out;
  for (const PemBlock& block : *blocks) {
    if (block.label != "CERTIFICATE") return Invalid("is a PEM block of another type");
    auto certificate = ParseDer(block.der);
    if (!certificate) return certificate.error();
    out.push_back(std::move(*certificate));
  }
  if (out.empty()) return Invalid("is not there");
  return out;
}

const Bytes& Certificate::Der() const { return impl_->der; }

Result<PublicKey> Certificate::Key() const {
  auto key = PublicKey::ParseDer(KeyInfo());
  if (!key) return key.error().In("the certificate's key");
  return key;
}

Bytes Certificate::KeyInfo() const { return WriteKeyInfo(*impl_->syntax->tbs->key_info); }

bool Certificate::SignedBy(const PublicKey& key) const {
  const SignatureAlgorithm* algorithm = AlgorithmOf(*impl_->syntax);
  if (!Text(key.kind()).starts_with(algorithm->key)) return false;
  const ASN1_BIT_STRING* signature = impl_->syntax->signature;
  return key.VerifyWith(algorithm->hash, SignedPart(impl_->der),
                        ByteView(signature->data, static_cast<std::size_t>(signature->length)));
}

WallTime Certificate::not_before() const { return impl_->not_before; }
WallTime Certificate::not_after() const { return impl_->not_after; }

bool Certificate::IsAuthority() const { return impl_->is_authority; }

bool Certificate::IsSelfIssued() const {
  return X509_NAME_cmp(impl_->syntax->tbs->subject, impl_->syntax->tbs->issuer) == 0;
}

bool Certificate::HasEmptySubject() const { return X509_NAME_entry_count(impl_->syntax->tbs->subject) == 0; }

bool Certificate::MaySignData() const { return impl_->key_usage && (*impl_->key_usage & KU_DIGITAL_SIGNATURE) != 0; }

std::string Certificate::SubjectText() const {
  char text[256] = {};
  X509_NAME_oneline(impl_->syntax->tbs->subject, text, sizeof text);
  return Printable(text, sizeof text);
}

std::vector<std::string> Certificate::ExtendedKeyUsages() const {
  const UsagesPtr usages(static_cast<EXTENDED_KEY_USAGE*>(
      X509V3_get_d2i(impl_->syntax->tbs->extensions, NID_ext_key_usage, nullptr, nullptr)));
  std::vector<std::string> out;
  for (int i = 0; usages && i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    out.push_back(Dotted(sk_ASN1_OBJECT_value(usages.get(), i)));
  }
  return out;
}

Result<std::vector<AlternativeName>> Certificate::AlternativeNames() const {
  int critical = -1;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(impl_->syntax->tbs->extensions, NID_subject_alt_name, &critical, nullptr)));
  ERR_clear_error();
  std::vector<AlternativeName> out;
  if (!names) {
    if (critical == -1) return out;  // absent; -2 is "twice", anything else "not readable"
    return Invalid("the alternative names are there twice or not readable");
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    auto name = OneName(sk_GENERAL_NAME_value(names.get(), i));
    if (!name) return name.error();
    out.push_back(std::move(*name));
  }
  return out;
}

Result<std::optional<Bytes>> Certificate::Extension(std::string_view oid) const {
  const int at = Position(*impl_, oid);
  if (at == -2) return Invalid("extension " + std::string(oid) + " is there twice");
  if (at < 0) return std::optional<Bytes>();
  const ASN1_OCTET_STRING* data = X509_EXTENSION_get_data(X509v3_get_ext(impl_->syntax->tbs->extensions, at));
  const unsigned char* bytes = ASN1_STRING_get0_data(data);
  return std::optional<Bytes>(Bytes(bytes, bytes + ASN1_STRING_length(data)));
}

Result<Bytes> Certificate::TbsWithout(std::string_view oid) const {
  const int at = Position(*impl_, oid);
  if (at < 0) return Invalid("has no single extension " + std::string(oid));
  const STACK_OF(X509_EXTENSION)* extensions = impl_->syntax->tbs->extensions;
  Bytes all;
  Bytes kept;
  for (int i = 0; i < X509v3_get_ext_count(extensions); ++i) {
    const Bytes one = Encode<X509_EXTENSION, i2d_X509_EXTENSION>(X509v3_get_ext(extensions, i));
    all.insert(all.end(), one.begin(), one.end());
    if (i != at) kept.insert(kept.end(), one.begin(), one.end());
  }
  // A certificate is a sequence whose first part is the TBSCertificate, whose last part the extensions are; all of it
  // is strict DER (ParseDer).
  const ByteView tbs = Inside(Inside(impl_->der));
  const std::size_t tail = Wrap(kExtensions, {Wrap(kSequence, {all})}).size();
  if (tbs.size() < tail) return Invalid("cannot be written without its extension");
  return Wrap(kSequence, {tbs.first(tbs.size() - tail), Wrap(kExtensions, {Wrap(kSequence, {kept})})});
}

Result<ByteView> DerContent(ByteView der, int tag) {
  const unsigned char* position = der.data();
  long length = 0;
  int found = 0;
  int type = 0;
  const int flags = ASN1_get_object(&position, &length, &found, &type, static_cast<long>(der.size()));
  ERR_clear_error();
  const bool definite_primitive = (flags & 0x80) == 0 && flags == V_ASN1_UNIVERSAL && type == V_ASN1_UNIVERSAL;
  if (!definite_primitive || found != tag || position + length != der.data() + der.size()) {
    return Error{ErrorCode::kInvalid, "is not a DER value of the expected kind"};
  }
  const auto header = static_cast<std::size_t>(position - der.data());
  const auto size = static_cast<std::size_t>(length);
  const std::size_t minimal = size < 0x80 ? 2 : size < 0x100 ? 3 : size < 0x10000 ? 4 : 5;
  if (header != minimal) return Error{ErrorCode::kInvalid, "is not strict DER"};
  return der.subspan(header);
}

}  // namespace pullseal::crypto
