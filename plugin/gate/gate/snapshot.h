// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_SNAPSHOT_H_
#define PULLSEAL_GATE_GATE_SNAPSHOT_H_

#include <map>
#include <optional>
#include <string>

#include "policy/model/model.h"

namespace pullseal::gate {

// Snapshot is everything a decision depends on besides the image: immutable, swapped as a whole on reload.
struct Snapshot {
  policy::Policy policy;
  // The node's labels; absent if the config names none, which makes them unknown.
  std::optional<std::map<std::string, std::string>> node_labels;
  // The policy is in audit mode because an operator opened the gate for a while, whatever its file says.
  bool break_glass = false;
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_SNAPSHOT_H_
