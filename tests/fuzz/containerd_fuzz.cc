// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "image/containerd/note.h"
#include "image/containerd/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  namespace containerd = pullseal::containerd;
  if (const auto settings = containerd::FromDump(text)) {
    if (settings->sandbox_image && settings->sandbox_image->value.empty()) std::abort();
    for (const auto& folder : containerd::HostsFolders(*settings)) {
      if (folder.empty()) std::abort();
    }
  }
  (void)containerd::BuiltInSandboxImage(text);
  const auto note = containerd::ParseNote(text);
  if (!note) return 0;
  // What was read can be written, and is the same when it is read again.
  const auto again = containerd::ParseNote(containerd::ToText(*note));
  if (again && *again != *note) std::abort();
  return 0;
}
