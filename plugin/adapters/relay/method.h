// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_METHOD_H_
#define PULLSEAL_ADAPTERS_RELAY_METHOD_H_

#include <cstdint>
#include <string_view>

namespace pullseal::relay {

// Turn says when a task runs. Pulls wait for registries, so they never take the last threads: what a registry holds up
// must not hold up containers whose images are known.
enum class Turn {
  kFirst,  // ends work already begun: goes before all others and always fits, being as many as calls in flight at most
  kUsual,
  kPull,  // on three quarters of the threads at most
};

// Method is what a relay must know of one method that it forwards. Values only; made by who owns the list of methods.
struct Method {
  std::string_view path;  // "/runtime.v1.RuntimeService/Version"; outlives the relay
  bool judged = false;    // may be held or observed: JudgedCalls::HandlingOf says
  // Its errors can carry text from a pod, which can be too long for our HTTP/2 library: such a call gets an upstream
  // connection of its own, so that nothing but this call ends then.
  bool own_connection = false;
  bool streaming = false;  // may last for hours; a drain does not wait for it
  Turn turn = Turn::kUsual;
  std::uint8_t kind = 0;  // whatever its owner wants to know it by

  std::string_view name() const { return path.substr(path.rfind('/') + 1); }
};

}  // namespace pullseal::relay

#endif  // PULLSEAL_ADAPTERS_RELAY_METHOD_H_
