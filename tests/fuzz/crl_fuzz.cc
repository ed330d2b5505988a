// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "core/crypto/revocation_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const auto list = crypto::RevocationList::Parse(Bytes(data, data + size));
  if (!list) return 0;
  // Whatever is taken is one value whose parts lie inside it, and a serial number that is asked for is looked up.
  if (list->issuer().empty() || list->size() > size) __builtin_trap();
  (void)list->Lists(ByteView(data, size));
  return 0;
}
