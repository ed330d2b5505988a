// SPDX-License-Identifier: Apache-2.0
#include "gate/admission/pull.h"

#include <chrono>
#include <utility>

#include "gate/gate/canary.h"
#include "gate/gate/gate.h"

namespace pullseal::admission {

PullAnswer AskPull(Inquiry& inquiry, const PullQuestion& question) {
  PullAnswer answer;
  inquiry.event().image = question.image;
  auto name = oci::Reference::Parse(question.image);
  if (!name) {
    answer.settled = inquiry.Settle(gate::Reason::kReferenceInvalid, name.error().message);
    return answer;
  }
  answer.name = *name;
  if (gate::IsCanary(*name)) {  // no such image exists: whoever asks wants to see the refusal
    inquiry.event().action = "canary";
    answer.settled = inquiry.Settle(gate::JudgeCanary(gate::Canary::kForged, std::chrono::system_clock::now()));
    return answer;
  }
  const oci::Reference asked = question.resolved ? name->At(*question.resolved) : *name;
  const gate::Question about{.name = asked,
                             .pod_namespace = question.pod_namespace,
                             .candidates = {},
                             .credentials = question.credentials,
                             .deadline = question.deadline,
                             .action = question.action};
  gate::Pull pull = inquiry.services().gate.DecidePull(*inquiry.snapshot(), about);
  answer.settled = inquiry.Settle(std::move(pull.decision));
  // Recorded only (a rule in audit mode), or exempt: the call goes on as it came.
  if (answer.settled.standing == gate::Standing::kGoesOn && pull.digest) answer.pinned = name->At(*pull.digest);
  return answer;
}

}  // namespace pullseal::admission
