// SPDX-License-Identifier: Apache-2.0
#include "verify/sigstore/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "verify/sigstore/limits.h"

namespace pullseal::sigstore {
namespace {

constexpr std::string_view kSignatureStart = "\u2014 ";
constexpr std::size_t kHintSize = 4;
constexpr std::size_t kRootHashSize = 32;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, "checkpoint: " + std::move(message)}; }

// The lines of `text`, which ends with a line break.
Result<std::vector<std::string_view>> Lines(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return Invalid("does not end with a line break");
    if (out.size() == limits::kCheckpointLines) return Error{ErrorCode::kLimit, "checkpoint: has too many lines"};
    out.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return out;
}

Result<Checkpoint::Signature> ParseSignature(std::string_view line) {
  if (!line.starts_with(kSignatureStart)) return Invalid("a signature line does not begin with a dash");
  line.remove_prefix(kSignatureStart.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos || space == 0) return Invalid("a signature line has no name");
  auto bytes = Base64Decode(line.substr(space + 1));
  if (!bytes || bytes->size() <= kHintSize) return Invalid("a signature line has no signature in base64");
  Checkpoint::Signature out;
  out.name = std::string(line.substr(0, space));
  out.hint.assign(bytes->begin(), bytes->begin() + kHintSize);
  out.signature.assign(bytes->begin() + kHintSize, bytes->end());
  return out;
}

}  // namespace

Result<Checkpoint> Checkpoint::Parse(std::string_view note) {
  if (note.size() > limits::kCheckpointBytes) return Error{ErrorCode::kLimit, "checkpoint: is too large"};
  const auto blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return Invalid("has no signatures");
  Checkpoint out;
  out.text = std::string(note.substr(0, blank + 1));
  const auto lines = Lines(out.text);
  if (!lines) return lines.error();
  const auto signatures = Lines(note.substr(blank + 2));
  if (!signatures) return signatures.error();
  if (lines->size() < 3) return Invalid("lacks origin, size or root hash");
  out.origin = std::string((*lines)[0]);
  const std::string_view size = (*lines)[1];
  const auto [stop, code] = std::from_chars(size.data(), size.data() + size.size(), out.size);
  const bool canonical = code == std::errc() && out.size >= 0 && size == std::to_string(out.size);
  auto root = Base64Decode((*lines)[2]);
  if (out.origin.empty()) return Invalid("has no origin");
  if (!canonical) return Invalid("its size is no number");
  if (!root || root->size() != kRootHashSize) return Invalid("its root hash is not 32 bytes in base64");
  out.root_hash = std::move(*root);
  for (const std::string_view line : *signatures) {
    auto signature = ParseSignature(line);
    if (!signature) return signature.error();
    out.signatures.push_back(std::move(*signature));
  }
  if (out.signatures.empty()) return Invalid("has no signatures");
  return out;
}

bool Checkpoint::SignedBy(std::string_view name, ByteView hint, const crypto::PublicKey& key) const {
  return std::any_of(signatures.begin(), signatures.end(), [&](const Signature& one) {
    return one.name == name && std::equal(one.hint.begin(), one.hint.end(), hint.begin(), hint.end()) &&
           key.VerifyWith(crypto::Hash::kSha256, AsBytes(text), one.signature);
  });
}

}  // namespace pullseal::sigstore
