// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_LOOK_FOR_H_
#define PULLSEAL_FAKES_LOOK_FOR_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "image/registry/evidence.h"

namespace pullseal::fakes {

// Looked is what a whole search brought.
struct Looked {
  std::vector<oci::SignatureEvidence> signatures;
  std::optional<Error> trouble;
  bool complete = false;  // every place was searched to its end
  std::vector<std::string> steps;
};

// Asks a search for one signature after the other until `enough`, as the gate does.
inline Looked LookFor(registry::Search search, const std::function<bool(const Looked& so_far)>& enough) {
  Looked out;
  while (true) {
    auto next = search.Next();
    if (!next) out.trouble = next.error();
    out.complete = next && !*next;
    if (!next || !*next) break;
    out.signatures.push_back(std::move(**next));
    if (!enough(out)) continue;
    search.NoteGood();
    break;
  }
  out.steps = search.steps();
  return out;
}

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_LOOK_FOR_H_
