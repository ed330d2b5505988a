// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_ADMISSION_PULL_H_
#define PULLSEAL_GATE_ADMISSION_PULL_H_

#include <optional>
#include <string>

#include "core/base/clock.h"
#include "gate/admission/inquiry.h"
#include "gate/gate/question.h"
#include "image/credentials/credentials.h"
#include "image/oci/reference.h"

namespace pullseal::admission {

// PullQuestion asks: may this name be pulled?
struct PullQuestion {
  std::string image;                         // as it was written
  std::optional<oci::Digest> resolved;       // what the name was resolved to already; it is not resolved again
  std::optional<std::string> pod_namespace;  // absent: not known
  credentials::Credentials credentials;
  SteadyTime deadline;
  policy::Action action = policy::Action::kContainer;
};

// PullAnswer is the answer, recorded, and what may be pulled.
struct PullAnswer {
  Settled settled;
  std::optional<oci::Reference> name;    // the image's name; absent if it is none
  std::optional<oci::Reference> pinned;  // by the digest that was judged good; absent: as it came, if it goes on at all
};

// AskPull answers a pull, a canary's by the built-in evidence. `inquiry` has begun; its event's action becomes "canary"
// for one. May ask registries.
PullAnswer AskPull(Inquiry& inquiry, const PullQuestion& question);

}  // namespace pullseal::admission

#endif  // PULLSEAL_GATE_ADMISSION_PULL_H_
