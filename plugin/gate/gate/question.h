// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_GATE_GATE_QUESTION_H_
#define PULLSEAL_GATE_GATE_QUESTION_H_

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "image/oci/digest.h"
#include "image/oci/reference.h"
#include "image/registry/client.h"

namespace pullseal::gate {

// Question is: may this content run, as this name, for this pod?
struct Question {
  const oci::Reference& name;
  std::optional<std::string> pod_namespace;  // absent: not known
  // The digests of which one must be good: a proven chain from an index to a manifest. Empty for a pull of a tag, which
  // the gate resolves itself.
  std::vector<oci::Digest> candidates;
  credentials::Credentials credentials;
  SteadyTime deadline;
  bool is_pull = false;  // the image is about to be fetched, so its registry can be asked; set by Gate::DecidePull
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_QUESTION_H_
