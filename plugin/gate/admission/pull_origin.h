// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ADMISSION_PULL_ORIGIN_H_
#define PULLSEAL_GATE_ADMISSION_PULL_ORIGIN_H_

#include <optional>

#include "core/base/clock.h"
#include "gate/admission/services.h"
#include "image/credentials/credentials.h"
#include "image/oci/digest.h"
#include "image/oci/reference.h"
#include "image/runtime/image_link.h"

namespace pullseal::admission {

// PullOrigin follows one pull for what it says about where content came from: what the registry said is noted once the
// pull succeeded, and what the pull adds to the runtime's notes of another registry is taken away again. None of it
// makes a pull fail. Used by one thread at a time.
class PullOrigin {
 public:
  explicit PullOrigin(const Services& services) : services_(services) {}

  // Before a pull of `name` goes on, which is to bring `digest`; absent: not known.
  void Begin(const oci::Reference& name, const std::optional<oci::Digest>& digest, SteadyTime deadline);
  // After it succeeded, as the record of `stored`.
  void End(const oci::Reference& stored, SteadyTime deadline);
  // The same after a pull of `name` that nobody held, of what `link` shows: the registry is asked now.
  static void EndObserved(const Services& services, const oci::Reference& name, const runtime::Link& link,
                          const credentials::Credentials& credentials, SteadyTime deadline);

 private:
  const Services& services_;
  std::optional<oci::Reference> name_;
  std::optional<oci::Digest> digest_;
};

}  // namespace pullseal::admission

#endif  // PULLSEAL_GATE_ADMISSION_PULL_ORIGIN_H_
