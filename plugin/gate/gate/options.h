// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_OPTIONS_H_
#define PULLSEAL_GATE_GATE_OPTIONS_H_

#include <chrono>
#include <string>

namespace pullseal::gate {

struct Options {
  std::chrono::milliseconds allow_ttl{600'000};
  std::chrono::milliseconds deny_ttl{30'000};
  // At a pull the registry is asked again where what is known is older than this; zero: never. What is known allows
  // whatever it answers.
  std::chrono::milliseconds evidence_max_age{0};
  // Seals what this node says of itself in the store: that it searched every place. Empty: that is known in memory
  // only.
  std::string seal_key = {};
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_OPTIONS_H_
