// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_HELD_BYTES_H_
#define PULLSEAL_ADAPTERS_RELAY_HELD_BYTES_H_

#include <cstddef>

#include "adapters/relay/limits.h"

namespace pullseal::relay {

// HeldBytes counts what is held for judged calls, in bytes of their requests and responses. Calls up to
// limits::kUsualCallBytes, which is what kubelets send, share one bound; a larger one counts as a whole in another, so
// that large calls take no room from usual ones, and not more memory than the unit has (a call costs some four times
// its bytes while it is read and written). For one thread.
class HeldBytes {
 public:
  // Takes `more` bytes for a call that has `held` already; false, and nothing is taken, if there is no room.
  bool Take(std::size_t held, std::size_t more) {
    if (held + more <= limits::kUsualCallBytes) {
      if (usual_ + more > limits::kHeldBytes) return false;
      usual_ += more;
      return true;
    }
    const std::size_t moved = held <= limits::kUsualCallBytes ? held : 0;
    if (large_ + moved + more > limits::kHeldLargeBytes) return false;
    usual_ -= moved;
    large_ += moved + more;
    return true;
  }
  // Gives back all that a call has.
  void GiveBack(std::size_t held) { (held <= limits::kUsualCallBytes ? usual_ : large_) -= held; }

 private:
  std::size_t usual_ = 0;
  std::size_t large_ = 0;
};

}  // namespace pullseal::relay

#endif  // PULLSEAL_ADAPTERS_RELAY_HELD_BYTES_H_
