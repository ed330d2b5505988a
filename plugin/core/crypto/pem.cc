// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/pem.h"

#include <utility>

namespace pullseal::crypto {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kWhite = " \t\r\n";

Error Invalid(const char* message) { return Error{ErrorCode::kInvalid, message}; }

}  // namespace

Result<std::vector<PemBlock>> ReadPem(std::string_view text, std::size_t most) {
  std::vector<PemBlock> out;
  for (auto at = text.find_first_not_of(kWhite); at != text.npos; at = text.find_first_not_of(kWhite)) {
    text.remove_prefix(at);
    if (!text.starts_with(kBegin)) return Invalid("is not PEM");
    text.remove_prefix(kBegin.size());
    const auto label_end = text.find(kDashes);
    if (label_end == text.npos) return Invalid("has a PEM block without a label");
    PemBlock block{std::string(text.substr(0, label_end)), {}};
    text.remove_prefix(label_end + kDashes.size());
    const std::string end = "-----END " + block.label + "-----";
    const auto body_end = text.find(kDashes);
    if (body_end == text.npos || !text.substr(body_end).starts_with(end))
      return Invalid("has a PEM block without an end");
    std::string base64;
    for (const char c : text.substr(0, body_end)) {
      if (kWhite.find(c) == kWhite.npos) base64.push_back(c);
    }
    text.remove_prefix(body_end + end.size());
    auto der = Base64Decode(base64);
    if (!der || der->empty()) return Invalid("has a PEM body that is not base64");
    block.der = std::move(*der);
    if (out.size() == most) return Error{ErrorCode::kLimit, "has more than " + std::to_string(most) + " PEM blocks"};
    out.push_back(std::move(block));
  }
  return out;
}

}  // namespace pullseal::crypto
