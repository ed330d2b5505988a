// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "verify/sigstore/simple_signing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto claim = pullseal::sigstore::SimpleSigning::Parse(pullseal::AsBytes(text));
  if (claim.ok() && claim->digest.hex().size() != 64) __builtin_trap();
  return 0;
}
