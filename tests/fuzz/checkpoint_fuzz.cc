// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "fuzz/fixed.h"
#include "verify/sigstore/checkpoint.h"

// What the fixed logs signed says one of the seeds' trees, whatever stands around it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const auto checkpoint = sigstore::Checkpoint::Parse(AsText(ByteView(data, size)));
  if (!checkpoint) return 0;
  if (checkpoint->root_hash.size() != 32 || checkpoint->size < 0 || checkpoint->signatures.empty()) __builtin_trap();
  for (const auto& log : fuzz::Trusted()->logs()) {
    if (checkpoint->SignedBy(log.host, log.checkpoint_hint, log.key) && checkpoint->size != 11) __builtin_trap();
  }
  return 0;
}
