// SPDX-License-Identifier: Apache-2.0
#include "gate/gate/search_mark.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/crypto/hmac.h"

namespace pullseal::gate {
namespace {

constexpr std::string_view kMediaType = "application/vnd.pullseal.search.v1";
constexpr const char* kSeal = "dev.pullseal/seal";

std::string HashOf(const std::string& text) { return crypto::Sha256Hex(AsBytes(text)); }

// The lines of a mark: what stands in it is hexadecimal, so no line can be another's.
std::string TextOf(const SearchMark& mark, const std::string& image) {
  std::string out = "search 1\nimage " + HashOf(image) + "\n";
  for (const std::string& one : mark.types) out += "type " + one + "\n";
  for (const std::string& one : mark.signers) out += "signer " + one + "\n";
  for (const oci::Digest& one : mark.found) out += "found " + one.text() + "\n";
  return out;
}

std::string SealOf(std::string_view text, const std::string& key) {
  return HexEncode(crypto::HmacSha256(AsBytes(key), AsBytes(text)));
}

bool Includes(const std::set<std::string>& all, const std::set<std::string>& some) {
  return std::all_of(some.begin(), some.end(), [&](const std::string& one) { return all.contains(HashOf(one)); });
}

// One line after the head; false for what is none.
bool Take(std::string_view line, SearchMark& out) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return false;
  const std::string_view what = line.substr(0, blank);
  const std::string value(line.substr(blank + 1));
  if (what == "type") return out.types.insert(value).second;
  if (what == "signer") return out.signers.insert(value).second;
  const auto digest = oci::Digest::Parse(value);
  return what == "found" && digest && out.found.insert(*digest).second;
}

}  // namespace

void SearchMark::AddType(const std::string& predicate_type) { types.insert(HashOf(predicate_type)); }
void SearchMark::AddSigner(const std::string& authority) { signers.insert(HashOf(authority)); }

oci::SignatureEvidence SearchMark::Sealed(const std::string& image, const std::string& key) const {
  const std::string text = TextOf(*this, image);
  return oci::SignatureEvidence{.blob = oci::Digest::Of(AsBytes(text)),
                                .media_type = std::string(kMediaType),
                                .payload = Bytes(text.begin(), text.end()),
                                .annotations = {{kSeal, SealOf(text, key)}}};
}

std::optional<SearchMark> SearchMark::Open(const oci::SignatureEvidence& evidence, const std::string& image,
                                           const std::string& key) {
  if (evidence.media_type != kMediaType || key.empty()) return std::nullopt;
  const std::string text(AsText(evidence.payload));
  const auto seal = evidence.annotations.find(kSeal);
  if (seal == evidence.annotations.end()) return std::nullopt;
  const auto claimed = HexDecode(seal->second);
  const crypto::Sha256Hash own = crypto::HmacSha256(AsBytes(key), AsBytes(text));
  crypto::Sha256Hash theirs{};
  if (!claimed || claimed->size() != theirs.size()) return std::nullopt;
  std::copy(claimed->begin(), claimed->end(), theirs.begin());
  if (!crypto::SameHash(own, theirs)) return std::nullopt;
  const std::string head = "search 1\nimage " + HashOf(image) + "\n";
  if (!text.starts_with(head)) return std::nullopt;
  SearchMark out;
  std::string_view rest = std::string_view(text).substr(head.size());
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos || !Take(rest.substr(0, end), out)) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
  return out;
}

bool SearchMark::Covers(const std::set<std::string>& asked_types, const std::set<std::string>& asked_signers,
                        const std::set<oci::Digest>& known) const {
  return Includes(types, asked_types) && Includes(signers, asked_signers) &&
         std::includes(known.begin(), known.end(), found.begin(), found.end());
}

}  // namespace pullseal::gate
