// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FUZZ_FIXED_H_
#define PULLSEAL_FUZZ_FIXED_H_

#include <memory>

#include "fuzz/fixed_authority.h"
#include "verify/sigstore/trusted_material.h"

// The trust root that all seeds were signed under. Whatever verifies with it must be one of the seeds' statements.
namespace pullseal::fuzz {

inline std::shared_ptr<const sigstore::TrustedMaterial> Trusted() {
  static const auto trusted = [] {
    const auto root = sigstore::TrustedRoot::Parse(kTrustedRoot);
    if (!root) __builtin_trap();
    auto material = sigstore::TrustedMaterial::Make(*root);
    if (!material || !material->problems().empty()) __builtin_trap();
    return std::make_shared<const sigstore::TrustedMaterial>(std::move(*material));
  }();
  return trusted;
}

}  // namespace pullseal::fuzz

#endif  // PULLSEAL_FUZZ_FIXED_H_
