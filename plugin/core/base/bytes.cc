// SPDX-License-Identifier: Apache-2.0
#include "core/base/bytes.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace pullseal {
namespace {

constexpr std::string_view kBase64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> MakeBase64Table() {
  std::array<std::int8_t, 256> table{};
  for (auto& entry : table) entry = -1;
  for (std::size_t i = 0; i < kBase64Alphabet.size(); ++i) {
    table[static_cast<std::uint8_t>(kBase64Alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}
constexpr auto kBase64Table = MakeBase64Table();

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Length of the well-formed UTF-8 sequence at the front of `s`, or 0.
std::size_t Utf8SequenceLength(std::string_view s) {
  const auto at = [&](std::size_t i) { return i < s.size() ? static_cast<std::uint8_t>(s[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (lead == 0xE0 && at(1) < 0xA0) return 0;
    if (lead == 0xED && at(1) > 0x9F) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (lead == 0xF0 && at(1) < 0x90) return 0;
    if (lead == 0xF4 && at(1) > 0x8F) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

ByteView AsBytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

std::string_view AsText(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::string HexEncode(ByteView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

Result<Bytes> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) return Error{ErrorCode::kInvalid, "hexadecimal text has an odd length"};
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return Error{ErrorCode::kInvalid, "hexadecimal text has a character outside 0-9a-f"};
    out.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return out;
}

std::string Base64Encode(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t group = (std::uint32_t{bytes[i]} << 16) | (left > 1 ? std::uint32_t{bytes[i + 1]} << 8 : 0) |
                                (left > 2 ? std::uint32_t{bytes[i + 2]} : 0);
    out.push_back(kBase64Alphabet[group >> 18]);
    out.push_back(kBase64Alphabet[(group >> 12) & 63]);
    out.push_back(left > 1 ? kBase64Alphabet[(group >> 6) & 63] : '=');
    out.push_back(left > 2 ? kBase64Alphabet[group & 63] : '=');
  }
  return out;
}

namespace {

// `exact`: what the bytes do not use of the last digit must be zero.
Result<Bytes> Decode(std::string_view text, bool exact) {
  const Error bad{ErrorCode::kInvalid, exact ? "not canonical standard base64" : "not standard base64"};
  if (text.size() % 4 != 0) return bad;
  std::size_t padding = 0;
  if (text.ends_with("==")) {
    padding = 2;
  } else if (text.ends_with('=')) {
    padding = 1;
  }
  const std::size_t digits = text.size() - padding;
  Bytes out(digits * 3 / 4);
  std::size_t at = 0;
  std::uint32_t group = 0;
  int negative = 0;  // as soon as one digit is none
  for (std::size_t i = 0; i < digits; ++i) {
    const int value = kBase64Table[static_cast<std::uint8_t>(text[i])];
    negative |= value;
    group = (group << 6) | static_cast<std::uint32_t>(value & 63);
    if (i % 4 != 3) continue;
    out[at++] = static_cast<std::uint8_t>(group >> 16);
    out[at++] = static_cast<std::uint8_t>(group >> 8);
    out[at++] = static_cast<std::uint8_t>(group);
    group = 0;
  }
  if (negative < 0) return bad;
  // The last group of two or three digits: what its bytes do not use is zero.
  if (padding == 1) {
    if (exact && (group & 3) != 0) return bad;
    out[at++] = static_cast<std::uint8_t>(group >> 10);
    out[at++] = static_cast<std::uint8_t>(group >> 2);
  } else if (padding == 2) {
    if (exact && (group & 15) != 0) return bad;
    out[at++] = static_cast<std::uint8_t>(group >> 4);
  }
  return out;
}

}  // namespace

Result<Bytes> Base64Decode(std::string_view text) { return Decode(text, true); }

Result<Bytes> Base64DecodeAsWritten(std::string_view text) {
  if (text.find_first_of("\r\n") == std::string_view::npos) return Decode(text, false);
  std::string joined;
  joined.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(joined), [](char c) { return c != '\r' && c != '\n'; });
  return Decode(joined, false);
}

std::string Printable(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return out;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    // Most of it is ASCII.
    std::size_t plain = 0;
    while (plain < text.size() && static_cast<std::uint8_t>(text[plain]) < 0x80) ++plain;
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::size_t length = Utf8SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace pullseal
