#include "crypto/certificate.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <initializer_list>
#include <utility>

#include "base/limits.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"

namespace pullseal::crypto {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
using UsagesPtr = std::unique_ptr<EXTENDED_KEY_USAGE, Deleter<EXTENDED_KEY_USAGE_free>>;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "certificate: " + std::move(message)}; }

// Seconds since 1970.
std::optional<std::int64_t> SecondsOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return ::timegm(&parts);
}

// Signature algorithms that a certificate may be signed with: what PublicKey verifies, over SHA-2.
bool IsSoundSignature(X509* certificate) {
  static constexpr std::array kSound = {NID_ecdsa_with_SHA256,
                                        NID_ecdsa_with_SHA384,
                                        NID_ecdsa_with_SHA512,
                                        NID_sha256WithRSAEncryption,
                                        NID_sha384WithRSAEncryption,
                                        NID_sha512WithRSAEncryption,
                                        NID_ED25519};
  const int nid = X509_get_signature_nid(certificate);
  return std::find(kSound.begin(), kSound.end(), nid) != kSound.end();
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

constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kExtensions = 0xa3;  // TBSCertificate's [3] EXPLICIT

}  // namespace

Result<Certificate> Certificate::ParseDer(ByteView der) {
  if (der.size() > limits::kCertificateBytes) return Error{ErrorCode::kLimit, "certificate is too large"};
  const unsigned char* position = der.data();
  auto impl = std::make_shared<Impl>();
  impl->x509 = CertificatePtr(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!impl->x509) return Invalid("is not readable");
  X509* x509 = impl->x509.get();
  // OpenSSL reads more than DER, and stops behind the certificate; what differs when written again was not one strict
  // DER value. The signed part keeps its bytes, so it is written anew.
  unsigned char* again = nullptr;
  const int size = i2d_re_X509_tbs(x509, nullptr) > 0 ? i2d_X509(x509, &again) : -1;
  const bool same = size == static_cast<int>(der.size()) && std::equal(der.begin(), der.end(), again);
  OPENSSL_free(again);
  if (!same) return Invalid("is not strict DER, or has bytes behind it");
  if (X509_get_version(x509) != X509_VERSION_3) return Invalid("is not of version 3");
  if (!IsSoundSignature(x509)) return Invalid("is signed with an algorithm that is not accepted, such as SHA-1");
  const auto from = SecondsOf(X509_get0_notBefore(x509));
  const auto to = SecondsOf(X509_get0_notAfter(x509));
  if (!from || !to || *from < 0 || *from > kSecondsMost || *to < *from)
    return Invalid("has a validity that cannot be read");
  impl->not_before = WallTime{} + std::chrono::seconds(*from);
  // RFC 5280 section 4.1.2.5: 99991231235959Z means "no good end is known".
  impl->not_after = *to > kSecondsMost ? WallTime::max() : WallTime{} + std::chrono::seconds(*to);
  // Fills OpenSSL's cached flags now, so that later reads do not write.
  if ((X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0) return Invalid("has an extension that cannot be read");
  ERR_clear_error();
  impl->der.assign(der.begin(), der.end());
  for (int i = 0; i < X509_get_ext_count(x509); ++i) {
    impl->extensions.push_back(Dotted(X509_EXTENSION_get_object(X509_get_ext(x509, i))));
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
  auto key = KeyOfCertificate(impl_->x509.get());
  if (!key) return key.error().In("the certificate's key");
  return key;
}

Bytes Certificate::KeyInfo() const {
  return Encode<X509_PUBKEY, i2d_X509_PUBKEY>(X509_get_X509_PUBKEY(impl_->x509.get()));
}

WallTime Certificate::not_before() const { return impl_->not_before; }
WallTime Certificate::not_after() const { return impl_->not_after; }

bool Certificate::IsAuthority() const { return (X509_get_extension_flags(impl_->x509.get()) & EXFLAG_CA) != 0; }

bool Certificate::IsSelfIssued() const {
  const X509* x509 = impl_->x509.get();
  return X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0;
}

bool Certificate::HasEmptySubject() const {
  return X509_NAME_entry_count(X509_get_subject_name(impl_->x509.get())) == 0;
}

bool Certificate::MaySignData() const {
  X509* x509 = impl_->x509.get();
  return (X509_get_extension_flags(x509) & EXFLAG_KUSAGE) != 0 &&
         (X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) != 0;
}

std::string Certificate::SubjectText() const {
  char text[256] = {};
  X509_NAME_oneline(X509_get_subject_name(impl_->x509.get()), text, sizeof text);
  return Printable(text, sizeof text);
}

std::vector<std::string> Certificate::ExtendedKeyUsages() const {
  const UsagesPtr usages(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(impl_->x509.get(), NID_ext_key_usage, nullptr, nullptr)));
  std::vector<std::string> out;
  for (int i = 0; usages && i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    out.push_back(Dotted(sk_ASN1_OBJECT_value(usages.get(), i)));
  }
  return out;
}

Result<std::vector<AlternativeName>> Certificate::AlternativeNames() const {
  int critical = -1;
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(impl_->x509.get(), NID_subject_alt_name, &critical, nullptr)));
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
  const ASN1_OCTET_STRING* data = X509_EXTENSION_get_data(X509_get_ext(impl_->x509.get(), at));
  const unsigned char* bytes = ASN1_STRING_get0_data(data);
  return std::optional<Bytes>(Bytes(bytes, bytes + ASN1_STRING_length(data)));
}

Result<Bytes> Certificate::TbsWithout(std::string_view oid) const {
  const int at = Position(*impl_, oid);
  if (at < 0) return Invalid("has no single extension " + std::string(oid));
  X509* x509 = impl_->x509.get();
  Bytes all;
  Bytes kept;
  for (int i = 0; i < X509_get_ext_count(x509); ++i) {
    const Bytes one = Encode<X509_EXTENSION, i2d_X509_EXTENSION>(X509_get_ext(x509, i));
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
