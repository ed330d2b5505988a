// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_BYTES_H_
#define PULLSEAL_CORE_BASE_BYTES_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pullseal {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

ByteView AsBytes(std::string_view text);
std::string_view AsText(ByteView bytes);

// HexEncode writes lower-case hexadecimal, two characters a byte.
std::string HexEncode(ByteView bytes);

// HexDecode reads lower-case hexadecimal only. kInvalid for odd length, upper case or other characters.
Result<Bytes> HexDecode(std::string_view text);

std::string Base64Encode(ByteView bytes);

// Base64Decode reads standard base64 with padding (RFC 4648 section 4), canonical only: no white space, no missing
// padding, unused bits zero. kInvalid otherwise.
Result<Bytes> Base64Decode(std::string_view text);

// Base64DecodeAsWritten reads the same as Go's StdEncoding does, for text that people make with tools that wrap lines:
// CR and LF count for nothing wherever they stand, unused bits are not looked at. kInvalid otherwise. Only where two
// spellings of the same bytes do no harm.
Result<Bytes> Base64DecodeAsWritten(std::string_view text);

// Printable returns `text` cut to `most` bytes with everything but printable ASCII replaced by '?': what may stand in a
// log line, a refusal or a terminal although somebody else wrote it.
std::string Printable(std::string_view text, std::size_t most);

// IsUtf8 says whether `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool IsUtf8(std::string_view text);

}  // namespace pullseal

#endif  // PULLSEAL_CORE_BASE_BYTES_H_
