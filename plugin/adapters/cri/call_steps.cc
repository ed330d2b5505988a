// SPDX-License-Identifier: Apache-2.0
#include "adapters/cri/call_steps.h"

#include "adapters/cri/describe.h"

namespace pullseal::cri {

using gate::Reason;

void CallSteps::Open(const std::string& bytes) {
  inquiry_.emplace(services_, std::string(ActionOf(kind_)), began_);
  DescribeRequest(kind_, bytes, inquiry_->event());
}

std::optional<Ruling> CallSteps::BeginAs(const std::string& bytes, const admission::Form& form) {
  const auto settled = inquiry_->Begin(form);
  if (!settled) return std::nullopt;
  if (settled->refused() && !form.readable) return Ruling(MalformedMessage());
  return End(*settled, bytes);
}

std::optional<GrpcStatus> CallSteps::Refusal(Inquiry& inquiry, const Settled& settled) {
  if (!settled.refused()) return std::nullopt;
  return RefusalFor(inquiry.event().image, settled.decision);
}

Ruling CallSteps::End(const Settled& settled, const std::string& bytes) {
  if (auto refusal = Refusal(settled)) return *refusal;
  return Forward{bytes};
}

GrpcStatus CallSteps::Failed(const std::string& why) {
  if (!inquiry_) Open({});
  gate::Decision decision = gate::Refuse(Reason::kDecisionFailed, why);
  GrpcStatus answer = RefusalFor(inquiry_->event().image, decision);
  (void)inquiry_->Settle(std::move(decision));
  return answer;
}

gate::Decision CallSteps::NotShown(const Error& error) {
  const ErrorCode code = error.code == ErrorCode::kNotFound ? ErrorCode::kRemote : error.code;
  return admission::RefuseFor(Error{code, error.message});
}

}  // namespace pullseal::cri
