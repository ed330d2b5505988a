// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_JUDGE_ASKED_FOR_H_
#define PULLSEAL_JUDGE_ASKED_FOR_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "verify/requirement/requirement.h"

namespace pullseal::judge {

// AskedFor is a requirement that is open to change, as a test needs it. Make() makes what the judge takes.
struct AskedFor {
  struct KeyAsked {
    std::string name;
    crypto::PublicKey key;
    requirement::KeyUse use = {};
  };
  struct KeylessAsked {
    requirement::TrustRoot trust_root;
    requirement::Identity identity;
    sigstore::Demands demands = {};
  };
  std::vector<KeyAsked> keys;
  std::vector<KeylessAsked> keyless;
  requirement::Terms terms;

  requirement::Requirement Make() const {
    std::vector<requirement::Authority> any_of;
    for (const KeyAsked& one : keys) {
      auto made = requirement::Key::Make(one.name, one.key, one.use);
      EXPECT_TRUE(made.ok()) << made.error().message;
      any_of.push_back(std::move(*made));
    }
    for (const KeylessAsked& one : keyless) {
      auto made = requirement::Keyless::Make(one.trust_root, one.identity, one.demands);
      EXPECT_TRUE(made.ok()) << made.error().message;
      any_of.push_back(std::move(*made));
    }
    auto signatures = requirement::SignatureRequirement::Make(std::move(any_of), terms);
    EXPECT_TRUE(signatures.ok()) << signatures.error().message;
    return {.signatures = std::move(*signatures)};
  }
};

}  // namespace pullseal::judge

#endif  // PULLSEAL_JUDGE_ASKED_FOR_H_
