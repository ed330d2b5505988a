// SPDX-License-Identifier: Apache-2.0
#include "image/oci/digest.h"

#include "core/crypto/sha256.h"

namespace pullseal::oci {

Result<Digest> Digest::Parse(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!text.starts_with(kPrefix)) {
    return Error{ErrorCode::kInvalid, "digest \"" + Printable(text, 80) + "\" is not of algorithm sha256"};
  }
  const std::string_view hex = text.substr(kPrefix.size());
  const bool good = hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!good) {
    return Error{ErrorCode::kInvalid,
                 "digest \"" + Printable(text, 80) + "\" is not sha256: with 64 lower-case hexadecimal characters"};
  }
  return Digest(std::string(text));
}

Digest Digest::Of(ByteView bytes) { return Digest("sha256:" + crypto::Sha256Hex(bytes)); }

}  // namespace pullseal::oci
