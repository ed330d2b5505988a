// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_ORIGINS_H_
#define PULLSEAL_GATE_GATE_ORIGINS_H_

#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "image/oci/digest.h"
#include "image/oci/reference.h"
#include "policy/model/model.h"

namespace pullseal::gate {

// OriginClaim is what a name in the store claims: that this content came from that repository.
struct OriginClaim {
  const oci::Reference& name;
  const std::vector<oci::Digest>& candidates;     // index and manifest, or the manifest alone
  const std::vector<policy::ImageGlob>& sources;  // repositories that count beside the name's own
  policy::Action action = policy::Action::kContainer;
  SteadyTime deadline;
};

// Origins is what this node itself knows of where content came from. A name is no proof of it: whoever may pull or
// import can make one. Thread-safe.
class Origins {
 public:
  virtual ~Origins() = default;

  // Whether the node has proof for `claim`; false: it surely has none. Trouble where it cannot say.
  virtual Result<bool> IsProven(const OriginClaim& claim) = 0;
  // Notes that the registry of `repository`, or root, says that `digest` is its.
  virtual Status Note(const oci::Reference& repository, const oci::Digest& digest, SteadyTime deadline) = 0;

  // Before a pull of `name` goes on, which may bring `digest`; and after it, when it brought `digests`. What the pull
  // adds to the runtime's own notes of another registry (containerd's have no ports) counts at no time, and is taken
  // away again.
  virtual void BeginPull(const oci::Reference& name, const oci::Digest& digest, SteadyTime deadline) = 0;
  virtual void EndPull(const oci::Reference& name, const std::vector<oci::Digest>& digests, SteadyTime deadline) = 0;
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_ORIGINS_H_
