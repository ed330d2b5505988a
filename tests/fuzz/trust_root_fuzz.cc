// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "verify/sigstore/trusted_material.h"

// A root that can be read can be made ready, or says why not.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pullseal;
  const auto root = sigstore::TrustedRoot::Parse(AsText(ByteView(data, size)));
  if (!root) return 0;
  const auto material = sigstore::TrustedMaterial::Make(*root);
  if (!material && material.error().message.empty()) __builtin_trap();
  if (material && material->logs().size() > root->logs.size()) __builtin_trap();
  return 0;
}
