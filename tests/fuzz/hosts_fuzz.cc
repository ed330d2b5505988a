// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "image/registry/hosts_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto hosts = pullseal::registry::ParseHostsFile(text);
  if (!hosts) return 0;
  // There is always the server's entry, and every other has a URL.
  if (hosts->empty()) std::abort();
  for (std::size_t i = 0; i + 1 < hosts->size(); ++i) {
    if ((*hosts)[i].url.find("://") == std::string::npos) std::abort();
  }
  return 0;
}
