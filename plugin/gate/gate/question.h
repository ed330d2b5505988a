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
#include "policy/model/model.h"

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
  policy::Action action = policy::Action::kContainer;
  // What rules that deny look at beside the candidates: what else was read on the way to the content, and its image ID.
  // None at a pull, whose content was not read yet.
  std::vector<oci::Digest> path = {};
  std::optional<oci::Digest> image_id = std::nullopt;
  bool is_pull = false;  // the image is about to be fetched, so its registry can be asked; set by Gate::DecidePull
};

}  // namespace pullseal::gate

#endif  // PULLSEAL_GATE_GATE_QUESTION_H_
