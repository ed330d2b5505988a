// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "core/crypto/timestamp.h"
#include "fuzz/fixed.h"

// What the fixed authority signed says the time of the seeds, whatever stands around it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const auto timestamp = crypto::Timestamp::Parse(ByteView(data, size));
  if (!timestamp) return 0;
  (void)timestamp->IsOver(AsBytes("x"));
  for (const auto& one : fuzz::Trusted()->timestamp_authorities()) {
    if (!timestamp->Verify(one.authority)) continue;
    if (!FormatTime(timestamp->time()).starts_with("2026-06-01T12:00:31")) __builtin_trap();
  }
  return 0;
}
