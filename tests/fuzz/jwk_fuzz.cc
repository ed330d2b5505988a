// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/crypto/key_parts.h"
#include "policy/keyvault/keyvault.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)pullseal::keyvault::KeyName::Parse(text);
  const auto key = pullseal::keyvault::ParseJwk(text);
  if (!key) return 0;
  // What was taken can be written and is the same key when it is read.
  const auto again = pullseal::crypto::PublicKey::ParsePem(pullseal::crypto::ToPem(*key));
  if (!again || again->Fingerprint() != key->Fingerprint()) std::abort();
  return 0;
}
