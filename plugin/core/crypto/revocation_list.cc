// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/revocation_list.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/crypto/der.h"
#include "core/crypto/limits.h"

namespace pullseal::crypto {
namespace {

using namespace std::string_view_literals;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "revocation list: " + std::move(message)}; }

constexpr std::uint8_t kBoolean = 0x01;
constexpr std::uint8_t kBits = 0x03;
constexpr std::uint8_t kExtensions = 0xa0;                    // [0] EXPLICIT
constexpr std::uint8_t kIndirect = 0x84;                      // [4] of the issuing distribution point
constexpr std::string_view kDistribution = "\x55\x1d\x1c"sv;  // 2.5.29.28

struct Algorithm {
  std::string_view oid;
  std::string_view key;
  Hash hash;
};
constexpr std::array<Algorithm, 6> kAlgorithms = {{
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"sv, "RSA", Hash::kSha256},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"sv, "RSA", Hash::kSha384},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"sv, "RSA", Hash::kSha512},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x02"sv, "ECDSA", Hash::kSha256},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x03"sv, "ECDSA", Hash::kSha384},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x04"sv, "ECDSA", Hash::kSha512},
}};

// The issuing distribution point (section 5.2.5): what is listed in a part of a list is listed too; but not where the
// list is about other issuers' certificates.
Status CheckDistribution(ByteView octets) {
  const auto point = ReadDer(octets, kDerSequence);
  if (!point) return point.error();
  DerReader parts(point->content);
  while (!parts.AtEnd()) {
    const auto one = parts.Next();
    if (!one) return one.error();
    if (one->tag == kIndirect) return Invalid("is about other issuers' certificates");
  }
  return {};
}

// `known`: an extension that may be critical.
Status CheckExtensions(ByteView content, std::string_view known) {
  DerReader reader(content);
  while (!reader.AtEnd()) {
    const auto one = reader.Next(kDerSequence);
    if (!one) return one.error();
    DerReader parts(one->content);
    const auto oid = parts.Next(kDerObject);
    if (!oid) return oid.error();
    const auto critical = parts.NextIf(kBoolean);
    if (!critical) return critical.error();
    const auto octets = parts.Next(kDerOctets);
    if (!octets) return octets.error();
    const bool is_known = !known.empty() && AsText(oid->content) == known;
    if (*critical && !is_known) return Invalid("has a critical extension that is not processed");
    if (!is_known) continue;
    if (auto good = CheckDistribution(octets->content); !good) return good;
  }
  return {};
}

}  // namespace

struct RevocationList::Impl {
  Bytes der;
  ByteView signed_part, signature, issuer;  // views into `der`
  const Algorithm* algorithm = nullptr;
  WallTime this_update;
  std::optional<WallTime> next_update;
  std::vector<std::string_view> serials;  // contents, sorted

  Status ReadEntries(ByteView content);
  Status ReadTbs(ByteView content, std::string_view algorithm_bytes);
  Status Read();
};

Status RevocationList::Impl::ReadEntries(ByteView content) {
  DerReader reader(content);
  while (!reader.AtEnd()) {
    const auto entry = reader.Next(kDerSequence);
    if (!entry) return entry.error();
    DerReader parts(entry->content);
    const auto serial = parts.Next(kDerInteger);
    if (!serial) return serial.error();
    const auto time = parts.Next();
    if (!time) return time.error();
    if (const auto read = DerTime(*time); !read) return read.error();
    const auto extensions = parts.NextIf(kDerSequence);
    if (!extensions) return extensions.error();
    if (*extensions) {
      // Such an entry says whose certificate it is about, which is not asked for here.
      if (auto good = CheckExtensions((*extensions)->content, {}); !good) return good;
    }
    if (!parts.AtEnd()) return Invalid("has an entry with more in it than belongs there");
    serials.push_back(AsText(serial->content));
  }
  std::sort(serials.begin(), serials.end());
  return {};
}

Status RevocationList::Impl::ReadTbs(ByteView content, std::string_view algorithm_bytes) {
  DerReader reader(content);
  const auto version = reader.Next(kDerInteger);
  if (!version) return version.error();
  if (const auto number = DerWhole(version->content); !number || *number != 1) return Invalid("is not of version 2");
  const auto named = reader.Next(kDerSequence);
  if (!named) return named.error();
  if (AsText(named->encoded) != algorithm_bytes) return Invalid("names two algorithms");
  const auto name = reader.Next(kDerSequence);
  if (!name) return name.error();
  issuer = name->encoded;
  const auto made = reader.Next();
  if (!made) return made.error();
  const auto from = DerTime(*made);
  if (!from) return from.error();
  this_update = *from;
  const auto next = reader.PeekTag();
  if (next == kDerUtcTime || next == kDerGeneralizedTime) {
    const auto due = reader.Next();
    if (!due) return due.error();
    const auto to = DerTime(*due);
    if (!to) return to.error();
    next_update = *to;
  }
  const auto entries = reader.NextIf(kDerSequence);
  if (!entries) return entries.error();
  if (*entries) {
    if (auto read = ReadEntries((*entries)->content); !read) return read;
  }
  const auto extensions = reader.NextIf(kExtensions);
  if (!extensions) return extensions.error();
  if (*extensions) {
    const auto list = ReadDer((*extensions)->content, kDerSequence);
    if (!list) return list.error();
    if (auto good = CheckExtensions(list->content, kDistribution); !good) return good;
  }
  return reader.AtEnd() ? Status() : Status(Invalid("has more in it than belongs there"));
}

Status RevocationList::Impl::Read() {
  const auto whole = ReadDer(der, kDerSequence);
  if (!whole) return whole.error();
  DerReader reader(whole->content);
  const auto tbs = reader.Next(kDerSequence);
  if (!tbs) return tbs.error();
  const auto named = reader.Next(kDerSequence);
  if (!named) return named.error();
  const auto bits = reader.Next(kBits);
  if (!bits) return bits.error();
  if (!reader.AtEnd() || bits->content.size() < 2 || bits->content[0] != 0)
    return Invalid("has no signature as it should");
  signed_part = tbs->encoded;
  signature = bits->content.subspan(1);
  DerReader parts(named->content);
  const auto oid = parts.Next(kDerObject);
  if (!oid) return oid.error();
  const auto found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                  [&](const Algorithm& one) { return one.oid == AsText(oid->content); });
  if (found == kAlgorithms.end()) return Invalid("is signed with an algorithm that is not accepted");
  algorithm = &*found;
  return ReadTbs(tbs->content, AsText(named->encoded));
}

Result<RevocationList> RevocationList::Parse(Bytes der) {
  if (der.size() > limits::kRevocationListBytes) return Error{ErrorCode::kLimit, "revocation list: is too large"};
  auto impl = std::make_shared<Impl>();
  impl->der = std::move(der);
  if (auto read = impl->Read(); !read) return read.error();
  return RevocationList(std::move(impl));
}

bool RevocationList::SignedBy(const PublicKey& key) const {
  if (!Text(key.kind()).starts_with(impl_->algorithm->key)) return false;
  return key.VerifyWith(impl_->algorithm->hash, impl_->signed_part, impl_->signature);
}

bool RevocationList::Lists(ByteView serial) const {
  const auto number = ReadDer(serial, kDerInteger);
  return number && std::binary_search(impl_->serials.begin(), impl_->serials.end(), AsText(number->content));
}

ByteView RevocationList::issuer() const { return impl_->issuer; }
WallTime RevocationList::this_update() const { return impl_->this_update; }
std::optional<WallTime> RevocationList::next_update() const { return impl_->next_update; }
std::size_t RevocationList::size() const { return impl_->serials.size(); }

}  // namespace pullseal::crypto
