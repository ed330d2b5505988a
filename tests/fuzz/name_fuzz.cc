// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "verify/notary/identity.h"

// A name that is read overlaps itself, and one that stands for one signer is an object identifier.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using pullseal::notary::Identity;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto subject = Identity::ParseSubject(text);
  if (subject && !subject->Overlaps(*subject)) __builtin_trap();
  const auto usage = Identity::ParseUsage(text);
  if (usage && !text.starts_with("1.3.6.1.4.1.311.97.")) __builtin_trap();
  return 0;
}
