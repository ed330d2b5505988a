// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policy/file/parse.h"

// No policy that is accepted lets a judged rule require nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policy = pullseal::policy::ParsePolicy(text, [](const std::string&) {
    return pullseal::Result<std::string>(
        std::string("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
                    "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n-----END PUBLIC KEY-----\n"));
  });
  if (!policy.ok()) return 0;
  for (const auto& rule : policy->rules) {
    const auto& signatures = rule.require.signatures;
    if (rule.IsJudged() != !signatures.any_of().empty() || signatures.threshold() < 1) __builtin_trap();
  }
  return 0;
}
