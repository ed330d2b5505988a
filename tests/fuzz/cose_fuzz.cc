// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "fuzz/fixed_notary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pullseal::fuzz::CheckEnvelope(pullseal::notary::kCoseType, pullseal::ByteView(data, size));
  return 0;
}
