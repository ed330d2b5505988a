// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"
#include "node/trust/archive.h"

// What is listed lies within the archive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const std::string_view bytes = AsText(ByteView(data, size));
  const auto files = trust::ReadArchive(bytes);
  if (!files) return 0;
  for (const auto& [name, content] : *files) {
    if (name.empty() || content.data() < bytes.data()) __builtin_trap();
    if (content.data() + content.size() > bytes.data() + bytes.size()) __builtin_trap();
  }
  return 0;
}
