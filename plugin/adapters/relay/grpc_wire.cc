// SPDX-License-Identifier: Apache-2.0
#include "adapters/relay/grpc_wire.h"

#include <algorithm>
#include <cstdint>

#include "adapters/relay/limits.h"

namespace pullseal::relay {

Result<std::string> UnframeOne(std::string_view body) {
  constexpr std::size_t kPrefix = limits::kRequestFrameOverhead;
  if (body.size() < kPrefix) return Error{ErrorCode::kInvalid, "the request has no complete message"};
  if (body[0] != 0) return Error{ErrorCode::kInvalid, "the request's message is compressed"};
  std::size_t length = 0;
  for (std::size_t i = 1; i < kPrefix; ++i) length = (length << 8) | static_cast<std::uint8_t>(body[i]);
  if (body.size() - kPrefix < length) return Error{ErrorCode::kInvalid, "the request's message is cut short"};
  if (body.size() - kPrefix > length) return Error{ErrorCode::kInvalid, "the request has more than one message"};
  return std::string(body.substr(kPrefix));
}

std::string Frame(std::string_view message) {
  std::string out(limits::kRequestFrameOverhead, '\0');
  for (std::size_t i = 0; i < 4; ++i) out[4 - i] = static_cast<char>((message.size() >> (8 * i)) & 0xFF);
  out += message;
  return out;
}

std::string EncodeMessage(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c >= 0x20 && c <= 0x7E && c != '%') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

std::optional<std::chrono::nanoseconds> ParseTimeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  using namespace std::chrono;
  switch (text.back()) {
    case 'H':
      return hours(std::min<std::int64_t>(value, 1'000'000));
    case 'M':
      return minutes(value);
    case 'S':
      return seconds(value);
    case 'm':
      return milliseconds(value);
    case 'u':
      return microseconds(value);
    case 'n':
      return nanoseconds(value);
    default:
      return std::nullopt;
  }
}

std::string FormatTimeout(std::chrono::nanoseconds timeout) {
  constexpr std::int64_t kMost = 99'999'999;
  const std::int64_t nanos = std::max<std::int64_t>(timeout.count(), 1);
  if (nanos <= kMost) return std::to_string(nanos) + "n";
  if (nanos / 1'000 <= kMost) return std::to_string(nanos / 1'000) + "u";
  if (nanos / 1'000'000 <= kMost) return std::to_string(nanos / 1'000'000) + "m";
  return std::to_string(std::min(nanos / 1'000'000'000, kMost)) + "S";
}

}  // namespace pullseal::relay
