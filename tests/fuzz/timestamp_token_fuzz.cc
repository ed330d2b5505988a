// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "core/crypto/timestamp_token.h"
#include "fuzz/fixed_notary.h"

// What the fixed authority signed says the time of the seeds, whatever stands around it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const ByteView bytes(data, size);
  const auto token = crypto::TimestampToken::Parse(bytes);
  if (!token) return 0;
  if (token->accuracy().count() < 0) __builtin_trap();
  (void)token->Signer();
  static const Bytes over = {'x'};
  const auto proven =
      notary::VerifyTimestamp(bytes, over, *fuzz::NotaryTrust().timestamps, *ParseTime("2026-06-01T12:00:30Z"));
  if (proven && !FormatTime(proven->last).starts_with("2026-06-01T12:00:01")) __builtin_trap();
  return 0;
}
