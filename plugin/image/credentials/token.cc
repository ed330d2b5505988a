// SPDX-License-Identifier: Apache-2.0
#include "image/credentials/token.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "core/base/bytes.h"
#include "core/json/value.h"
#include "image/credentials/limits.h"

namespace pullseal::credentials {
namespace {

bool IsHeaderSafe(std::string_view token) {
  return !token.empty() && std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

// When a JWT (RFC 7519 section 4.1.4) says that it ends; absent for anything else.
std::optional<std::int64_t> EndOfJwt(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::string claims(token.substr(first + 1, second - first - 1));
  std::replace(claims.begin(), claims.end(), '-', '+');
  std::replace(claims.begin(), claims.end(), '_', '/');
  claims.append((4 - claims.size() % 4) % 4, '=');
  const auto bytes = Base64Decode(claims);
  if (!bytes) return std::nullopt;
  const auto json = json::Parse(AsText(*bytes));
  const json::Value* end = json ? json->Find("exp") : nullptr;
  return end != nullptr ? end->integer() : std::nullopt;
}

std::optional<std::int64_t> Seconds(const json::Value* value) {
  if (value == nullptr) return std::nullopt;
  if (const std::string* text = value->string()) {
    std::int64_t out = 0;
    const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), out);
    if (code == std::errc() && end == text->data() + text->size()) return out;
    return std::nullopt;
  }
  return value->integer();
}

}  // namespace

Result<Token> ReadToken(std::string_view body, std::initializer_list<std::string_view> names, WallTime now) {
  auto json = json::Parse(body);
  if (!json) return Error{ErrorCode::kRemote, "the token service's answer is not valid JSON"};
  const std::string* text = nullptr;
  for (const std::string_view name : names) {
    // A member that is there and empty is none (several services write both).
    if (text == nullptr || text->empty()) text = json->FindString(name);
  }
  if (text == nullptr || !IsHeaderSafe(*text)) {
    return Error{ErrorCode::kRemote, "the token service's answer has no token"};
  }
  auto life = Seconds(json->Find("expires_in"));
  if (!life) {
    const auto end = EndOfJwt(*text);
    if (end) life = *end - std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  }
  Token out;
  out.value = Secret(std::string_view(*text));
  // Fewer than a minute is not believed of a token that was just made (distribution, "Token Authentication").
  out.life = std::chrono::seconds(std::clamp<std::int64_t>(life.value_or(limits::kTokenDefaultLife.count()),
                                                           limits::kTokenDefaultLife.count(),
                                                           limits::kTokenLongestLife.count()));
  return out;
}

}  // namespace pullseal::credentials
